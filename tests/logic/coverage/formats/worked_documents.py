"""A small document of every format that is read record by record, with the lines it holds: shared by several tests."""

import json
from typing import NamedTuple

from reading import Line


class Worked(NamedTuple):
    """A document, the name its file has, and what it becomes by default."""

    name: str | None
    text: str
    lines: dict[str, dict[int, Line]]


def plain(**hits: int) -> dict[int, Line]:
    """Return plain lines: `plain(_3=1)` is line 3 with one hit."""
    return {int(line[1:]): Line(count) for line, count in hits.items()}


GCOV = """\
        -:    0:Source:src/queue.c
        -:    1:#include <x.h>
function push called 4 returned 100% blocks executed 80%
        4:    3:int push(int v) {
       4*:    4:  if (v > 0) {
branch  0 taken 3 (fallthrough)
branch  1 taken 0
        3:    5:    for (i = 0; i < v; i++)
branch  0 taken 5
branch  1 taken 3
        4:    6:  LOG(v);
branch  0 never executed
branch  1 taken 2
    #####:    7:  return 0;
    =====:    8:  throw_it();
        4:    9:}
    #####:   10:static int unused(void) {
    #####:   14:  other(); // LCOV_EXCL_LINE
        2:   15:  if (a && b)
branch  0 taken 50%
branch  1 taken 50% (fallthrough)
branch  2 never executed
branch  3 taken 0%
"""

GCOV_INTERMEDIATE = """\
version:8.3.0
file:src/a.c
function:10,12,0,idle
function:13,16,2,push
lcount:10,0,0
lcount:13,2,1
branch:13,taken
branch:13,nottaken
file:src/b.c
lcount:1,1e3,0
"""

XCODE_TEXT = """\
/Users/ci/app/Sources/Cart.swift:
    1|       |import Foundation
    2|      3|func total() {
    3|      0|  dead()
    4|   1.2k|  loop()
    5|   2.5M|  loop()
    6|      3|}
  ------------------
  | Cart.total():
  |    2|      1|func total() {
  ------------------
"""

LUA = """\
==============================
src/queue.lua
==============================
     4 local M = {}
       -- comment
  ***0 function M.dead()
     2   return 1
    ***0 end

==============================
Summary
==============================

     9 1 90.00%
"""

DLST = """\
       |import std;
      3|int f() {
0000000|  return dead();
       |}
src/app.d is 50% covered
"""

GAP = """\
{"Type":"_","Version":1,"IsCover":true}
{"Type":"S","File":"lib/a.g","FileId":1}
{"Type":"R","Line":1,"FileId":1}
{"Type":"E","Line":1,"FileId":1}
{"Type":"R","Line":2,"FileId":1}
{"Type":"S","File":"lib/b.g","FileId":2}
{"Type":"E","Line":3,"FileId":1}
{"Type":"E","Line":3,"FileId":2}
"""

JULIACOV = """\
        - # x
        3 f(x) = x
        0 g() = 1
"""

VERILATOR = (
    "# SystemC::Coverage-3\n"
    "C '\x01f\x02rtl/c.sv\x01l\x0212\x01n\x023\x01page\x02v_line/c' 4\n"
    "C '\x01f\x02rtl/c.sv\x01l\x0214\x01n\x023\x01t\x02branch\x01page\x02v_branch/c\x01o\x02if\x01S\x0214-15,17' 2\n"
    "C '\x01f\x02rtl/c.sv\x01l\x0214\x01n\x024\x01t\x02branch\x01page\x02v_branch/c\x01o\x02else\x01S\x0219' 0\n"
    "C '\x01f\x02rtl/c.sv\x01l\x0230\x01n\x024\x01page\x02v_toggle/c\x01o\x02clk' 9\n"
)

V1 = """\
{"coverage": {"src/a.x": [null, 5, null, 0, "1/2", true, false, "3"],
              "src/b.x": {"1": 2, "4": "0/3", "0": 9}, "c": {"lines": [1, null, 0]}}}
"""

COVERALLS = """\
{"source_files": [{"name": "lib/a.rb", "coverage": [null, 1, 0, 3], "branches": [2, 0, 0, 1, 2, 0, 1, 0]},
                  {"name": "lib/b.rb", "coverage": "[1,null]"}]}
"""

GCOVJSON = """\
{"format_version": "1", "gcc_version": "12.2.0", "current_working_directory": "/build", "data_file": "a.gcda",
 "files": [{"file": "src/a.c",
            "functions": [{"name": "push", "start_line": 10, "end_line": 14, "execution_count": 0}],
            "lines": [{"line_number": 10, "count": 0, "branches": [], "unexecuted_block": true},
                      {"line_number": 13, "count": 2, "branches": [{"count": 2, "throw": false, "fallthrough": true},
                                                                   {"count": 0, "throw": false},
                                                                   {"count": 0, "throw": true}]}]}]}
"""

LLVMCOV = """\
{"type": "llvm.coverage.json.export", "version": "2.0.1", "data": [{"files": [{"filename": "/w/src/a.c", "segments": [
 [2,33,0,true,true,false], [4,2,0,false,false,false], [5,17,2,true,true,false], [7,19,6,true,true,false],
 [7,24,2,true,false,false], [7,26,4,true,true,false], [7,29,2,true,false,false], [7,30,4,true,false,true],
 [8,5,4,true,true,false], [8,11,2,true,false,false], [9,2,0,false,false,false]],
 "branches": [[7,19,7,24,4,0,0,0,4]], "summary": {}}], "functions": [], "totals": {}}]}
"""

ELM = """\
{"moduleMap": {"Cart": "src/Cart.elm"}, "coverageData": {"Cart": [
 {"from": {"line": 3, "column": 1}, "to": {"line": 3, "column": 9}, "count": 2, "complexity": 1},
 {"from": {"line": 5, "column": 1}, "to": {"line": 5, "column": 4}},
 {"from": {"line": 7, "column": 1}, "to": {"line": 9, "column": 9}, "count": 2}]}}
"""

FLOWCOVER = """\
{"flowStatus": {"passed": true}, "files": {"src/a.js": {"expressions": {
  "covered_locs": [{"start": {"line": 3, "column": 1}, "end": {"line": 3, "column": 6}},
                   {"start": {"line": 8, "column": 1}, "end": {"line": 9, "column": 2}}],
  "uncovered_locs": [{"start": {"line": 3, "column": 8}, "end": {"line": 3, "column": 12}},
                     {"start": {"line": 4, "column": 1}, "end": {"line": 5, "column": 2}}]}}}}
"""

RLANG = '{"uploader": "R", "files": [{"name": "R/a.R", "coverage": [null, 3, null, 0, "2"]}]}'

SALESFORCE = '[{"name":"OrderCtl","lines":{"3":1,"4":0}},null,{"name":"src/Trg.trigger","lines":{"1":2}}]'

SCALA = '{"fileReports": [{"filename": "a.scala", "coverage": {"3": 1, "4": 0, "5": "2"}}]}'

XCCOV = """\
{"/w/A.swift": [{"line": 1, "isExecutable": false}, {"line": 2, "isExecutable": true, "executionCount": 3},
                {"line": 3, "isExecutable": true, "executionCount": 0},
                {"line": 4, "isExecutable": true, "executionCount": 2,
                 "subranges": [{"column": 9, "length": 4, "executionCount": 0}]}]}
"""

COVERLET = json.dumps(
    {
        "App.dll": {
            "C:\\w\\A.cs": {
                "A": {
                    "Void A::M()": {
                        "Lines": {"10": 3, "11": 0},
                        "Branches": [
                            {"Line": 10, "Offset": 5, "EndOffset": 7, "Path": 0, "Ordinal": 0, "Hits": 3},
                            {"Line": 10, "Offset": 5, "EndOffset": 19, "Path": 1, "Ordinal": 1, "Hits": 0},
                        ],
                    },
                    "Void A::N()": {"Lines": {"20": 1, "21": 1}, "Branches": []},
                }
            }
        }
    }
)

TARPAULIN = """\
{"files": [{"path": ["/", "w", "src", "lib.rs"], "content": "…", "covered": 1, "coverable": 2,
            "traces": [{"line": 3, "address": [1], "length": 1, "stats": {"Line": 2}, "fn_name": null},
                       {"line": 5, "address": [], "length": 0, "stats": {"Line": 0}}]}]}
"""

DARTVM = """\
{"type": "CodeCoverage", "coverage": [
  {"source": "package:app/a.dart", "script": {"type": "@Script"}, "hits": [1, 5, "7-9", 0], "branchHits": [1, 5]},
  {"source": "dart:core", "hits": [1, 1]}]}
"""

WORKED: dict[str, Worked] = {
    "gcov": Worked(
        "src/queue.c.gcov",
        GCOV,
        {
            "src/queue.c": {
                3: Line(4, "m"),
                4: Line(4, "b"),
                5: Line(3, "b"),
                6: Line(4),
                7: Line(0),
                8: Line(0),
                15: Line(2, "b"),
            }
        },
    ),
    "gcov-intermediate": Worked(
        "a.gcov", GCOV_INTERMEDIATE, {"src/a.c": {10: Line(0, "m"), 13: Line(2, "m")}, "src/b.c": plain(_1=1000)}
    ),
    "xcode-text": Worked(
        "a.app.coverage.txt",
        XCODE_TEXT,
        {"/Users/ci/app/Sources/Cart.swift": plain(_2=3, _3=0, _4=1200, _5=2_500_000)},
    ),
    "lua": Worked("luacov.report.out", LUA, {"src/queue.lua": plain(_1=4, _3=0, _4=2)}),
    "dlst": Worked("src-app.lst", DLST, {"src/app.d": plain(_2=3, _3=0)}),
    "gap": Worked("profile.json", GAP, {"lib/a.g": plain(_1=1, _2=0, _3=1), "lib/b.g": plain(_3=1)}),
    "juliacov": Worked("src/a.jl.4711.cov", JULIACOV, {"src/a.jl": plain(_2=3, _3=0)}),
    "verilator": Worked(
        "coverage.dat",
        VERILATOR,
        {"rtl/c.sv": {12: Line(4), 14: Line("1/2", "b", ("else/4",)), 15: Line(2), 17: Line(2), 19: Line(0)}},
    ),
    "v1": Worked(
        "codecov.json",
        V1,
        {
            "src/a.x": {1: Line(5), 3: Line(0), 4: Line("1/2", "b"), 5: Line("1/2", "b"), 7: Line(3)},
            "src/b.x": {1: Line(2), 4: Line("0/3", "b")},
            "c": plain(_1=1, _3=0),
        },
    ),
    "coveralls": Worked(
        "coveralls.json",
        COVERALLS,
        {"lib/a.rb": {2: Line("1/2", "b", ("0:1",)), 3: Line(0), 4: Line(3)}, "lib/b.rb": plain(_1=1)},
    ),
    "gcovjson": Worked("a.gcov.json.gz", GCOVJSON, {"src/a.c": {10: Line(0, "m"), 13: Line(2)}}),
    "llvmcov": Worked(
        "coverage.json",
        LLVMCOV,
        {"/w/src/a.c": plain(_2=0, _3=0, _4=0, _5=2, _6=2, _8=4, _9=2) | {7: Line("1/2", "b", ("7:19:F",))}},
    ),
    "elm": Worked("codecov.json", ELM, {"src/Cart.elm": plain(_3=2, _5=0, _7=2, _8=2, _9=2)}),
    "flowcover": Worked("flow-coverage.json", FLOWCOVER, {"src/a.js": {3: Line("1/2"), 4: Line(0), 8: Line(1)}}),
    "rlang": Worked("covr.json", RLANG, {"R/a.R": plain(_1=3, _3=0, _4=2)}),
    "salesforce": Worked(
        "test-result-codecoverage.json",
        SALESFORCE,
        {"OrderCtl.cls": plain(_3=1, _4=0), "src/Trg.trigger": plain(_1=2)},
    ),
    "scala": Worked("scoverage.json", SCALA, {"a.scala": plain(_3=1, _4=0, _5=2)}),
    "xccov": Worked("xccov.json", XCCOV, {"/w/A.swift": {2: Line(3), 3: Line(0), 4: Line("1/2")}}),
    "coverlet": Worked(
        "coverage.json",
        COVERLET,
        {
            "C:/w/A.cs": {
                10: Line("1/2", "b", ("5:1",)),
                11: Line(0),
                20: Line(1, "m"),
                21: Line(1),
            }
        },
    ),
    "tarpaulin": Worked("tarpaulin-report.json", TARPAULIN, {"/w/src/lib.rs": plain(_3=2, _5=0)}),
    "dartvm": Worked("test.vm.json", DARTVM, {"lib/a.dart": plain(_1=5, _7=0, _8=0, _9=0)}),
}
