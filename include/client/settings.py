"""Where the command line finds its server, and as whom: the client's settings, apart from the server's."""

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from include.client.client import DEFAULT_URL


class ClientSettings(BaseSettings):
    """What a user of the command line can set, as `BELLWETHER_` and the name in capitals."""

    model_config = SettingsConfigDict(env_prefix="BELLWETHER_", frozen=True, extra="ignore", env_ignore_empty=True)

    url: str = Field(DEFAULT_URL, description="where Airflow's web interface is; `--url` says another")
    user: str = Field("admin", description="who asks; `--user` says another")
    password: SecretStr | None = Field(None, description="of the user; without it a terminal is asked")
    token: SecretStr | None = Field(None, description="a ready token instead of user and password")
