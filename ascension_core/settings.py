"""Every knob of the machine that Ascension runs on, read from the environment (prefix ``ASCENSION_``).

Options of an analysis are not here: they belong to the frozen options class of each step.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from ascension_core.errors import InvalidOption


def _default_home() -> Path:
    return Path.home() / ".local" / "share" / "ascension"


class Settings(BaseSettings):
    """Settings of this installation; ``ASCENSION_HOME=/srv/ascension`` sets `home`, and so on."""

    model_config = SettingsConfigDict(env_prefix="ASCENSION_", frozen=True)

    home: Path = Field(default_factory=_default_home, description="One folder for models, caches and embedded servers")
    data: Path | None = Field(None, description="Folder of evaluation data (clips, holds, joints), never in the repository")
    max_video_bytes: int = Field(4 * 1024**3, gt=0, description="Larger video files are refused")
    max_video_s: float = Field(1800.0, gt=0, description="Longer videos are refused")
    max_video_pixels: int = Field(4096 * 2304, gt=0, description="Videos with more pixels per frame are refused")
    max_image_pixels: int = Field(100_000_000, gt=0, description="Pictures with more pixels are refused")
    threads: int = Field(0, ge=0, description="Threads for decoding and inference; 0 takes every core this process may use")

    notebooks: Path = Field(Path("notebooks"), description="Folder of the notebooks that jobs run")
    database_url: SecretStr | None = Field(None, description="postgresql://…; None starts a private PostgreSQL under home")
    database_pool: int = Field(8, gt=0, description="Most connections that one process opens to the database")
    s3_endpoint: str | None = Field(None, description="https://host:port of an S3 server; None starts a private one under home")
    s3_public_endpoint: str | None = Field(None, description="Where clients reach it, for presigned addresses")
    s3_access_key: SecretStr | None = Field(None, description="Access key of the S3 server")
    s3_secret_key: SecretStr | None = Field(None, description="Secret key of the S3 server")
    s3_region: str = Field("us-east-1", description="Region of the S3 server")
    s3_bucket: str = Field("ascension", description="Bucket that holds everything")
    amqp_url: SecretStr | None = Field(None, description="URL of RabbitMQ, or `private`; None keeps the queue in PostgreSQL")
    retention_days: int | None = Field(None, gt=0, description="Videos and jobs go when they are older; None keeps them")
    mlflow_uri: SecretStr | None = Field(None, description="MLflow tracking server; None keeps runs in mlruns/")
    mlflow_database: str | None = Field(
        None, description="Database of the MLflow server, where it lies beside ours: deleted runs then go for good"
    )
    pipelines: Path | None = Field(
        None, description="Folder in which versions lie under their pipelines' names; None: pipelines/ beside the code"
    )
    pipeline_vision: Path | None = Field(
        None, description="Folder of the version to analyse videos by; None: what is installed"
    )
    pipeline_hold_detector: Path | None = Field(None, description="The same for the holds of pictures")
    pipeline_strength: Path | None = Field(None, description="The same for assessments")
    pipeline_training: Path | None = Field(None, description="The same for programs")
    worker_memory_bytes: int = Field(8 * 1024**3, gt=0, description="A job whose notebook uses more memory is stopped")
    worker_time_s: float = Field(6 * 3600.0, gt=0, description="A job whose notebook runs longer is stopped")
    linger_s: float = Field(10.0, ge=0, description="How long private servers stay when nobody uses them any more")

    work: Path | None = Field(None, description="Where workers keep the files of running jobs; None takes the system's folder")
    worker_lease_s: float = Field(30.0, ge=1, description="How long a worker is believed to live after it last said so")
    worker_champions: bool = Field(
        True, description="Jobs run with the registry's champions, where there are any; false: with what is installed"
    )
    worker_grace_s: float = Field(30.0, ge=0, description="How long a worker that is to stop may go on with its job")

    api_rate: int = Field(1200, ge=0, description="Requests that one API key may make in a minute, per process; 0 counts none")
    api_body_bytes: int = Field(
        1024**2, gt=0, description="Larger bodies of requests are refused; videos go to the object store"
    )
    api_longest_queue: int = Field(1000, gt=0, description="So many jobs of a kind may wait before the API takes no more")
    api_followers: int = Field(1000, gt=0, description="So many clients may follow jobs at a time, per process")
    api_cors_origins: str = Field("", description="Web pages that browsers let call the API: origins, separated by commas")
    api_insecure_loopback: bool = Field(False, description="Let callers on this machine in without a key; for development")

    service_key: SecretStr | None = Field(
        None, description="What callers of the pipelines' services must know; None: loopback only"
    )
    service_waiting: int = Field(32, ge=0, description="So many requests may stand in line before a model")
    service_video_s: float = Field(60.0, gt=0, description="Longest video that a service analyses while the client waits")

    @property
    def models(self) -> Path:
        """Folder of downloaded model files."""
        return self.home / "models"


@cache
def settings() -> Settings:
    """The settings of this process, read once.

    Raises
    ------
    InvalidOption
        If a variable of the environment has a value that makes no sense.
    """
    try:
        return Settings()
    except ValidationError as cause:
        wrong = "; ".join(f"ASCENSION_{str(e['loc'][0]).upper()}: {e['msg'].lower()}" for e in cause.errors())
        raise InvalidOption(f"the environment holds an unusable setting: {wrong}") from cause
