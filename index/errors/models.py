"""Embedding models that cannot be used."""

from __future__ import annotations

from index.errors.base import LoccitError


class ModelError(LoccitError):
    """The embedding model cannot be used."""

    code = "model_error"


class ModelNotFound(ModelError):
    """The model's files are missing, and downloads are not allowed."""

    code = "model_not_found"


class ModelDamaged(ModelError):
    """The model's files differ from the expected ones."""

    code = "model_damaged"


class ModelFailed(ModelError):
    """The model failed, or returned vectors that are not finite."""

    code = "model_failed"


class TooManyModels(ModelError):
    """As many models are loaded as are allowed."""

    code = "too_many_models"


class BackendMissing(ModelError):
    """The runtime for the model is not installed, or the model was not prepared for it."""

    code = "backend_missing"
