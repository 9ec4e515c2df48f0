"""All settings of an operator, put together of those of each subject."""

from __future__ import annotations

from pydantic import SecretStr, field_validator
from pydantic_settings import SettingsConfigDict

from service.settings.access import AccessSettings
from service.settings.answers import AnswerSettings
from service.settings.database_address import validate_address
from service.settings.library import LibrarySettings
from service.settings.recording import RecordingSettings
from service.settings.uploads import UploadSettings

PREFIX = "LOCCIT_"


# From last to first is the order in which fields are checked and documented.
class Settings(RecordingSettings, AnswerSettings, UploadSettings, AccessSettings, LibrarySettings):
    """All settings of an operator. Each field is read from an environment variable ``LOCCIT_...``."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True, protected_namespaces=()
    )

    @field_validator("store", check_fields=False)
    @classmethod
    def _check_store(cls, store: SecretStr) -> SecretStr:
        validate_address(store.get_secret_value())  # raises a ValueError that says what is wrong
        return store
