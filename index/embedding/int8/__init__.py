"""Models in 8-bit integers: calibrated for OpenVINO, or quantized while ONNX Runtime runs them."""
