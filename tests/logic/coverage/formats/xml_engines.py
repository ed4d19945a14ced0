"""Runs the two XML engines on the same bytes, for tests that they agree; with a small document of every XML format."""

from app.logic.coverage.formats import (
    bullseye,
    clover,
    cobertura,
    jacoco,
    jetbrains,
    mono,
    ncover,
    opencover,
    scoverage_statements,
    sonar,
    vs_dataset,
    vs_results,
)
from app.logic.coverage.formats.xml_document import read_prolog, read_strictly
from app.logic.coverage.formats.xml_scan import scan_blocks
from app.logic.coverage.formats.xml_shape import TEXT
from app.logic.coverage.formats.xml_tags import Unusual

FORMATS = {
    "cobertura": cobertura,
    "clover": clover,
    "jacoco": jacoco,
    "opencover": opencover,
    "vs-results": vs_results,
    "vs-dataset": vs_dataset,
    "jetbrains": jetbrains,
    "mono": mono,
    "bullseye": bullseye,
    "scoverage-statements": scoverage_statements,
    "sonar": sonar,
    "ncover": ncover,
}
SMALL = {
    "cobertura": b"""<?xml version="1.0" ?>
<!DOCTYPE coverage SYSTEM 'coverage-04.dtd'>
<coverage timestamp="1700000000">
 <!-- made up -->
 <sources><source>/a&amp;b</source></sources><packages><package name="p"><classes>
 <class name="x" filename="a&lt;&amp;b.py"><methods/><lines>
  <line number="1" hits="12"/>
  <line number="22" hits="3" branch="true" condition-coverage="50% (1/2)" missing-branches="5" />
  <line number="4" hits="0" branch="True" condition-coverage="0% (0/3)"><conditions>
   <condition number="0" type="jump" coverage="0%"/></conditions></line></lines></class>
 <class name="y" filename="b.py"><lines><line number="7" hits="1e3"/></lines></class></classes></package></packages>
</coverage>
""",
    "clover": b"""<?xml version="1.0" encoding="UTF-8"?>
<coverage generated="1700000000"><project><package name="p"><file name="a.php" path="src/a.php"><class name="A">
<metrics complexity="1"/></class><line num="1" type="method" name="f&quot;" complexity="3" count="2"/>
<line num="12" type="cond" truecount="2" falsecount="0"/>
<line num="13" type="cond" count="3" truecount="1" falsecount="2"/>
<line num="99" type="stmt" count="123456789012"/><metrics loc="50"/></file></package>
<file name="b.js"><line num="1" type="stmt" count="0"/></file></project></coverage>
""",
    "jacoco": b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<!DOCTYPE report PUBLIC "-//JACOCO//DTD" "report.dtd">
<report name="r"><sessioninfo id="h" start="1700000000000"/><group name="g"><package name="p/q">
<class name="p/q/A" sourcefilename="A.java"><method name="&lt;init&gt;" line="1">
<counter type="LINE" missed="1" covered="2"/><counter type="COMPLEXITY" missed="1" covered="2"/></method></class>
<sourcefile name="A.java">
<line nr="1" mi="0" ci="3" mb="0" cb="0"/><line nr="22" mi="1" ci="0" mb="1" cb="1"/>
<counter type="LINE" missed="1" covered="1"/></sourcefile></package></group>
<counter type="LINE" missed="1" covered="1"/></report>
""",
    "opencover": b"""<?xml version="1.0" encoding="utf-8"?>
<CoverageSession xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Summary vc="1" /><Modules><Module hash="0-1">
<ModulePath>C:\\w.dll</ModulePath><Files><File uid="1" fullPath="C:\\a&amp;b.cs" /><File uid="2" fullPath="b.cs" />
</Files><Classes><Class><FullName>A`1&lt;T&gt;</FullName><Methods><Method isGetter="false"><Name>F()</Name>
<FileRef uid="1" /><SequencePoints><SequencePoint vc="12" uspid="1" sl="10" sc="9" el="12" ec="2" bec="0" bev="0" />
<SequencePoint vc="3" sl="13" el="13" bec="2" bev="1" /></SequencePoints><BranchPoints>
<BranchPoint vc="0" ordinal="1" sl="13" offset="4" offsetend="30" /></BranchPoints>
<MethodPoint vc="12" xsi:type="SequencePoint" sl="10" /></Method><Method><FileRef uid="2" /><SequencePoints>
<SequencePoint vc="1" sl="7" el="7" /></SequencePoints></Method></Methods></Class></Classes></Module></Modules>
</CoverageSession>
""",
    "vs-results": b"""<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<results><modules><module name="a.dll" lines_covered="1"><functions><function name="f&lt;T&gt;()" id="1"><ranges>
<range source_id="0" start_line="3" end_line="4" covered="yes" /><range source_id="1" start_line="5" end_line="5"
 start_column="9" covered="partial" /></ranges></function></functions><source_files><source_file id="0" path="a.cs" />
<source_file id="1" path="b.cs" /></source_files></module><module name="b.dll"><functions><function><ranges>
<range source_id="0" start_line="1" end_line="1" covered="no" /></ranges></function></functions>
<source_files><source_file id="0" path="c.cs" /></source_files></module></modules></results>
""".replace(b"\n start", b" start"),
    "vs-dataset": b"""<?xml version="1.0" standalone="yes"?>
<CoverageDSPriv><xs:schema id="CoverageDSPriv" xmlns="" xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:msdata="urn:m">
<xs:element name="Lines" msdata:IsDataSet="true" /></xs:schema>
<Module><ModuleName>a.dll</ModuleName><NamespaceTable><Class><Method><Lines><LnStart>3</LnStart><LnEnd>4</LnEnd>
<Coverage>0</Coverage><SourceFileID>1</SourceFileID></Lines></Method></Class></NamespaceTable></Module>
<SourceFileNames><SourceFileID>1</SourceFileID><SourceFileName>a&amp;b.cpp</SourceFileName></SourceFileNames>
<SourceFileNames><SourceFileID>2</SourceFileID><SourceFileName>b.cpp</SourceFileName></SourceFileNames>
<Lines><LnStart>12</LnStart><ColStart>0</ColStart><LnEnd> 12 </LnEnd><Coverage>1</Coverage><SourceFileID>2</SourceFileID>
</Lines></CoverageDSPriv>
""",
    "jetbrains": b"""<?xml version="1.0" encoding="utf-8" standalone="yes"?>
<Root CoveredStatements="1"><FileIndices><File Index="1" Name="C:\\a.cs" /><File Index="2" Name="b&apos;.cs" />
</FileIndices><Assembly Name="A"><Namespace Name="N"><Type Name="T&lt;U&gt;"><Method Name="F():System.Void">
<Statement FileIndex="1" Line="3" Column="5" EndLine="3" EndColumn="20" Covered="True" />
<Statement FileIndex="2" Line="4" Column="5" EndLine="7" EndColumn="2" Covered="False" /></Method></Type></Namespace>
</Assembly></Root>
""",
    "mono": b"""<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<coverage version="0.3"><assembly name="a" full="1" partial="0"/><method name=".ctor" filename="a&lt;.cs" token="1">
<statement offset="0" counter="3" line="5" column="1"/><statement offset="6" counter="0" line="6" column="1"/></method>
<method name="g" filename="b.cs"><statement offset="0" counter="1" line="7" column="1"/></method>
<class name="A" method-count="1"/></coverage>
""",
    "bullseye": b"""<?xml version="1.0" encoding="UTF-8"?>
<BullseyeCoverage xmlns="https://www.bullseye.com/covxml" buildId="1_2020-10-28_17:55:47"><folder name="lib">
<folder name="a&amp;b"><src name="a.cpp" mtime="1"><fn name="f&lt;int&gt;()" fn_total="1">
<probe line="5" column="1" kind="function" event="full"/><probe line="7" kind="decision" event="true"/>
<block entered="1"/></fn></src></folder><src name="b.cpp"><fn><probe line="9" kind="try" event="none"/></fn></src>
</folder></BullseyeCoverage>
""",
    "scoverage-statements": b"""<?xml version="1.0" encoding="UTF-8"?>
<statements><statement><source>a&amp;b.scala</source><package>p</package><line> 1 </line>
<description>x &lt; y</description><branch>false</branch><count>7</count><ignored>false</ignored></statement>
<statement><source>c.scala</source><line>12</line><branch>true</branch><count>0</count><ignored/></statement>
<statement><source>c.scala</source><line>12</line><branch>true</branch><count>2</count></statement></statements>
""",
    "sonar": b"""<?xml version="1.0" encoding="UTF-8"?>
<coverage version="1"><file path="a&amp;b.c"><lineToCover lineNumber="5" covered="true"/>
<lineToCover lineNumber="9" covered="True" branchesToCover="4" coveredBranches="3"/></file>
<file path="b.c"><lineToCover lineNumber="10" covered="false"/></file></coverage>
""",
    "ncover": b"""<?xml version="1.0" encoding="utf-8"?>
<coverage profilerVersion="1.5.8"><module name="a.dll"><method name="F" excluded="false"><seqpnt visitcount="1" line="11"
 column="3" endline="12" endcolumn="9" excluded="false" document="C:\\a.cs"/></method><method name="G" excluded="true">
<seqpnt visitcount="0" line="13" endline="13" document="a.cs"/></method><method><seqpnt visitcount="0" line="14"
 endline="14" document="b&quot;.cs"/></method></module></coverage>
""".replace(b"\n ", b" "),
}


class Columns:
    """Collects all columns of a document as plain values."""

    def __init__(self, shape):
        self.shape = shape
        self.rows = {name: [] for name in shape.wanted}
        self.order = []

    def take(self, block):
        started = []
        for name, elements in block.items():
            tag = self.shape.wanted[name]
            assert elements.first == len(self.rows[name])
            names = [*tag.attributes, TEXT] if tag.text else tag.attributes
            columns = [elements.values(attribute) for attribute in names]
            values = [tuple(column[row] for column in columns) for row in range(len(elements))]
            self.rows[name] += zip(elements.owner.tolist(), elements.depth.tolist(), values, strict=True)
            if not tag.text:  # known only when the text ends
                started += [(order, name) for order in elements.order.tolist()]
        self.order += [name for _, name in sorted(started)]


def fast(data: bytes, format_name: str, block_size: int = 1 << 20) -> Columns | None:
    """Columns by the fast engine alone; None where it declines."""
    shape = FORMATS[format_name].SHAPE
    columns = Columns(shape)
    root, _, plain = read_prolog(data)
    if not plain:
        return None
    try:
        for block in scan_blocks(data, root, shape, block_size):
            columns.take(block)
    except Unusual:
        return None
    return columns


def strict(data: bytes, format_name: str, block_size: int = 1 << 18) -> tuple[Columns, bool]:
    shape = FORMATS[format_name].SHAPE
    return read_strictly(data, shape, lambda: Columns(shape), block_size)


def assert_equal(one: Columns, other: Columns) -> None:
    assert one.rows == other.rows
    assert one.order == other.order
