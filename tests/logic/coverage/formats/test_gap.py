"""Profiles of the GAP system."""

import pytest
from reading import read
from worked_documents import plain

OPEN = '{"Type":"S","File":"a.g","FileId":1}\n'


def test_records_without_an_id_belong_to_the_file_opened_last():
    text = OPEN + '{"Type":"E","Line":1}\n\n{"Type":"S","File":"b.g","FileId":2}\n{"Type":"R","Line":4}\n'

    assert read(text)[1] == {"a.g": plain(_1=1), "b.g": plain(_4=0)}


def test_ids_of_the_same_file_join():
    text = OPEN + '{"Type":"R","Line":1,"FileId":1}\n' + OPEN.replace("1}", "7}") + '{"Type":"I","Line":1,"FileId":7}\n'

    assert read(text)[1] == {"a.g": plain(_1=1)}


@pytest.mark.parametrize(
    "record",
    [
        "nonsense", "{", "[]", '{"Type":"E","Line":0,"FileId":1}', '{"Type":"E","Line":-5}', '{"Type":"E","Line":"x"}',
        '{"Type":"E","Line":16707566}', '{"Type":"E","Line":3,"FileId":9}', '{"Line":3}', "[" * 5000, '{"Type":"E","Line":1e400}',
    ],
)  # fmt: skip
def test_a_bad_record_costs_only_itself(record):
    outcome, report = read(OPEN + record + '\n{"Type":"E","Line":2,"FileId":1}\n')

    assert (outcome.format, outcome.outcome, outcome.stats.skipped) == ("gap", "ok", 1)
    assert outcome.stats.first_problem.startswith("line 2: ")
    assert report == {"a.g": plain(_2=1)}


def test_a_single_record_has_no_lines():
    outcome, _ = read('{"Type":"S","File":"a"}')

    assert (outcome.format, outcome.outcome) == ("gap", "no_data")


def test_the_first_file_may_be_opened_by_the_fifth_record():
    version = '{"Type":"_","Version":1}\n'

    assert read(version * 4 + OPEN + '{"Type":"E","Line":2}')[0].format == "gap"
    assert read(version * 5 + OPEN)[0].outcome == "not_recognised"
