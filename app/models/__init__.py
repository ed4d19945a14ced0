"""Peewee models, one module per area."""

from app.models.database import Row
from app.models.git import Branch, Commit, CommitError, Pull
from app.models.identity import AppInstallation, AppInstallationRepo, Owner
from app.models.machinery import CronRun, ObjectGarbage, RateLimit, UploadEvent
from app.models.reports import CommitReport, Flag, Upload, UploadError, UploadFlag
from app.models.repositories import Repository
from app.models.results import (
    Comparison,
    ComponentComparison,
    FlagComparison,
    Notification,
    PullComment,
)

# Parents before children: rows are deleted in the opposite order.
ALL_MODELS: tuple[type[Row], ...] = (
    Owner,
    AppInstallation,
    AppInstallationRepo,
    Repository,
    Branch,
    Commit,
    CommitError,
    Pull,
    PullComment,
    CommitReport,
    Upload,
    UploadError,
    Flag,
    UploadFlag,
    Notification,
    Comparison,
    FlagComparison,
    ComponentComparison,
    ObjectGarbage,
    CronRun,
    RateLimit,
    UploadEvent,
)
