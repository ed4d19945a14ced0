"""The migrations build exactly what the models declare."""

import re
import threading
import time

import psycopg2
import pytest
from peewee import JSONField, OperationalError
from playhouse.postgres_ext import ArrayField
from playhouse.schema_diff import diff_models

from app.models import ALL_MODELS
from app.models.database import Database
from app.models.migrate import ADVISORY_LOCK, current_version, expected_version, migrate, pending
from tests.database import temporary_database

SQL_TYPES = {
    "BIGAUTO": "bigint",
    "BIGINT": "bigint",
    "INT": "integer",
    "SMALLINT": "smallint",
    "TEXT": "text",
    "BOOL": "boolean",
    "UUID": "uuid",
    "BLOB": "bytea",
    "JSON": "jsonb",
    "TIMESTAMPTZ": "timestamp with time zone",
}


def test_the_models_declare_every_table_column_and_index(database: Database) -> None:
    drift = diff_models(database, ALL_MODELS)

    assert not drift, str(drift)


def test_the_models_cover_every_table(database: Database) -> None:
    tables = set(database.get_tables())

    others = tables - {model._meta.table_name for model in ALL_MODELS}

    assert others == {"schema_migration", "upload_events_default"}


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model._meta.table_name)
def test_columns_have_the_type_and_nullability_of_their_field(database: Database, model) -> None:
    columns = {column.name: column for column in database.get_columns(model._meta.table_name)}

    def declared(field) -> tuple[str, bool]:
        if isinstance(field, ArrayField):
            return SQL_TYPES[field.field_type] + "[]", field.null
        if field.field_type == "DECIMAL":
            return f"numeric({field.max_digits},{field.decimal_places})", field.null
        return SQL_TYPES[field.field_type], field.null

    fields = {field.column_name: declared(field) for field in model._meta.sorted_fields}

    assert fields == {name: (column.full_type, column.null) for name, column in columns.items()}


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model._meta.table_name)
def test_closed_lists_of_values_are_those_of_the_check_constraints(database: Database, model) -> None:
    table = model._meta.table_name
    rows = database.execute_sql(
        "SELECT attname, pg_get_constraintdef(c.oid) FROM pg_constraint AS c"
        " JOIN pg_attribute AS a ON attrelid = conrelid AND attnum = conkey[1]"
        " WHERE conrelid = %s::regclass AND contype = 'c' AND pg_get_constraintdef(c.oid) LIKE %s",
        (table, "CHECK (%= ANY (ARRAY[%"),
    ).fetchall()
    checked = {column: tuple(re.findall(r"'(\w+)'::text", definition)) for column, definition in rows}

    declared = {
        field.column_name: tuple(value for value, _ in field.choices)
        for field in model._meta.sorted_fields
        if field.choices
    }

    assert declared == checked


@pytest.mark.parametrize("model", ALL_MODELS, ids=lambda model: model._meta.table_name)
def test_defaults_of_the_models_are_those_of_the_columns(database: Database, model) -> None:
    columns = database.get_columns(model._meta.table_name)
    in_database = {column.name for column in columns if column.default is not None or column.name == "id"}

    in_models = {field.column_name for field in model._meta.sorted_fields if field.default is not None}

    # The prefix of the objects is chosen by the application only.
    assert in_models - {"storage_prefix"} == in_database - {"id"}


def test_every_foreign_key_starts_an_index(database: Database) -> None:
    unindexed = database.execute_sql(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint AS c WHERE contype = 'f' AND NOT EXISTS"
        " (SELECT 1 FROM pg_index AS i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])"
    ).fetchall()

    assert unindexed == []


def test_partial_indexes_have_the_condition_of_the_model(database: Database) -> None:
    for model in ALL_MODELS:
        stored = {index.name: index.sql for index in database.get_indexes(model._meta.table_name)}
        for index in model._meta.fields_to_index():
            if index._name in stored:
                assert (" WHERE " in stored[index._name]) == (index._where is not None), index._name


def test_the_timeline_of_uploads_is_found_by_commit(database: Database) -> None:
    definition = database.execute_sql("SELECT pg_get_indexdef('upload_events_commit_ix'::regclass)").fetchone()[0]

    assert definition.endswith("(repo_id, commit_sha, created_at)")


def test_no_json_column_is_left_without_a_binary_type(database: Database) -> None:
    fields = [field for model in ALL_MODELS for field in model._meta.sorted_fields if isinstance(field, JSONField)]

    assert {field.field_type for field in fields} == {"JSON"}
    assert database._field_types["JSON"] == "JSONB"


def test_migrating_twice_does_nothing_the_second_time() -> None:
    with temporary_database() as empty:
        before = pending(empty), current_version(empty)

        first, second = migrate(empty), migrate(empty)

        assert before == (first, None)
        assert second == []
        assert pending(empty) == []
        assert current_version(empty) == expected_version() == first[-1]


def test_concurrent_migrations_take_turns() -> None:
    outcomes: list[object] = []

    def run(database: Database) -> None:
        try:
            outcomes.append(migrate(database))
        except Exception as error:
            outcomes.append(error)

    with temporary_database() as empty:
        everything = pending(empty)
        threads = [threading.Thread(target=run, args=(empty,)) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert sorted(outcomes, key=str) == sorted([[], [], everything], key=str)


def test_a_migration_waits_for_the_others_no_longer_than_told() -> None:
    with temporary_database() as empty:
        everything = pending(empty)
        blocker = psycopg2.connect(
            dbname=empty.database, **{k: v for k, v in empty.connect_params.items() if k in ("host", "port", "user")}
        )
        blocker.cursor().execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        started = time.monotonic()

        with pytest.raises(OperationalError):
            migrate(empty, wait=0.2)
        waited = time.monotonic() - started
        blocker.close()

        assert waited < 5
        assert migrate(empty) == everything


def test_an_index_whose_building_was_broken_off_is_built_anew() -> None:
    with temporary_database() as old:
        migrate(old)
        old.execute_sql("DROP INDEX uploads_raw_ix")
        old.execute_sql("DELETE FROM schema_migration WHERE name LIKE '0003%%'")
        writer = psycopg2.connect(
            dbname=old.database, **{k: v for k, v in old.connect_params.items() if k in ("host", "port", "user")}
        )
        writer.cursor().execute("LOCK TABLE uploads IN ROW EXCLUSIVE MODE")

        with pytest.raises(OperationalError):
            migrate(old, lock_timeout=0.2)
        writer.close()
        migrate(old)

        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'uploads_raw_ix'::regclass"
        assert old.execute_sql(valid).fetchone()[0]


def test_migrating_leaves_no_odd_session_in_the_pool() -> None:
    with temporary_database() as empty:
        migrate(empty)

        settings = [empty.execute_sql(f"SHOW {name}").fetchone()[0] for name in ("statement_timeout", "lock_timeout")]
        empty.close()

        assert settings == ["1min", "10s"]
