"""The job store in PostgreSQL, for the processes of several machines."""

from service.state.jobs.postgresql.store import PostgresqlJobStore

__all__ = ["PostgresqlJobStore"]
