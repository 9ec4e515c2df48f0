"""OCR engines compared on pages whose text is known, and questions asked of scans."""
