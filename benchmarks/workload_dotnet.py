"""Reports of the .NET world and SonarQube of any size: the repository of workload_xml in their dialects."""

from collections.abc import Callable, Iterator
from io import BytesIO

from benchmarks.workload_xml import SourceFile, repository

_LINES_PER_METHOD = 12


def opencover(scale: float = 1.0) -> bytes:
    """OpenCover: one line per point, a `MethodPoint` with an attribute of another namespace in every method."""
    out = BytesIO()
    out.write(
        b'<?xml version="1.0" encoding="utf-8"?>\n<CoverageSession xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
        b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n  <Summary numSequencePoints="2000000" />\n'
        b'  <Modules>\n    <Module hash="00-11">\n      <ModulePath>C:\\ci\\rocket\\bin\\Rocket.dll</ModulePath>\n'
        b"      <Files>\n"
    )
    for uid, file in enumerate(repository(scale), 1):
        out.write(f'        <File uid="{uid}" fullPath="C:\\ci\\{_path(file)}" />\n'.encode())
    out.write(b"      </Files>\n      <Classes>\n")
    for uid, file in enumerate(repository(scale), 1):
        out.write(
            f'        <Class>\n          <Summary numSequencePoints="1" />\n          <FullName>{file.name}'.encode()
        )
        out.write(b"</FullName>\n          <Methods>\n")
        for methods in _chunks(file, _opencover_method):
            out.write(methods.format(uid=uid).encode())
        out.write(b"          </Methods>\n        </Class>\n")
    out.write(b"      </Classes>\n    </Module>\n  </Modules>\n</CoverageSession>\n")
    return out.getvalue()


def _opencover_method(rows: list[tuple[int, int, int, int]]) -> str:
    first = rows[0]
    points = "".join(
        f'                <SequencePoint vc="{hits}" uspid="{line}" ordinal="{place}" offset="{3 * place}" sl="{line}" '
        f'sc="13" el="{line}" ec="62" bec="{arms}" bev="{covered}" fileid="{{uid}}" />\n'
        for place, (line, hits, arms, covered) in enumerate(rows)
    )
    branches = "".join(
        f'                <BranchPoint vc="{int(arm < covered)}" uspid="{line}" ordinal="{arm}" offset="{line}" '
        f'sl="{line}" path="{arm}" offsetend="{line + arm}" fileid="{{uid}}" />\n'
        for line, _, arms, covered in rows
        for arm in range(arms)
    )
    return (
        '            <Method visited="true" cyclomaticComplexity="3" sequenceCoverage="80" isConstructor="false">\n'
        '              <Summary numSequencePoints="12" visitedSequencePoints="9" />\n'
        f"              <MetadataToken>{100663296 + first[0]}</MetadataToken>\n"
        f"              <Name>System.Void Acme.Rocket::Step{first[0]}()</Name>\n"
        '              <FileRef uid="{uid}" />\n'
        f"              <SequencePoints>\n{points}              </SequencePoints>\n"
        f"              <BranchPoints>\n{branches}              </BranchPoints>\n"
        f'              <MethodPoint vc="{first[1]}" uspid="{first[0]}" xsi:type="SequencePoint" ordinal="0" '
        'offset="0" />\n'
        "            </Method>\n"
    )


def vs_results(scale: float = 1.0) -> bytes:
    """Visual Studio results: ranges of lines, then the files they are in."""
    out = BytesIO()
    out.write(
        b'<?xml version="1.0" encoding="UTF-8" standalone="no" ?>\n<results>\n  <modules>\n'
        b'    <module name="rocket.dll" path="rocket.dll" id="0123" block_coverage="80.00" line_coverage="80.00">\n'
        b"      <functions>\n"
    )
    for uid, file in enumerate(repository(scale)):
        for functions in _chunks(file, _vs_function):
            out.write(functions.format(uid=uid).encode())
    out.write(b"      </functions>\n      <source_files>\n")
    for uid, file in enumerate(repository(scale)):
        out.write(f'        <source_file id="{uid}" path="C:\\ci\\{_path(file)}" checksum_type="SHA256" />\n'.encode())
    out.write(b"      </source_files>\n    </module>\n  </modules>\n</results>\n")
    return out.getvalue()


def _vs_function(rows: list[tuple[int, int, int, int]]) -> str:
    ranges = "".join(
        f'            <range source_id="{{uid}}" start_line="{line}" end_line="{line}" start_column="13" '
        f'end_column="62" covered="{"no" if not hits else "partial" if covered < arms else "yes"}" />\n'
        for line, hits, arms, covered in rows
    )
    return (
        f'        <function id="{rows[0][0]}" token="0x6000001" name="Step{rows[0][0]}()" type_name="Stage" '
        'namespace="Acme" block_coverage="80.00" line_coverage="80.00" lines_covered="9">\n'
        f"          <ranges>\n{ranges}          </ranges>\n        </function>\n"
    )


def sonar(scale: float = 1.0) -> bytes:
    """SonarQube's generic format."""
    out = BytesIO()
    out.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<coverage version="1">\n')
    for file in repository(scale):
        out.write(f'  <file path="src/{file.package}/{file.name}.c">\n'.encode())
        out.write("".join(_sonar_lines(file)).encode())
        out.write(b"  </file>\n")
    out.write(b"</coverage>\n")
    return out.getvalue()


def _sonar_lines(file: SourceFile) -> Iterator[str]:
    for line, hits, arms, covered in _rows(file):
        branches = f' branchesToCover="{arms}" coveredBranches="{covered}"' if arms else ""
        yield f'    <lineToCover lineNumber="{line}" covered="{str(hits > 0).lower()}"{branches}/>\n'


def _chunks(file: SourceFile, written: Callable[[list[tuple[int, int, int, int]]], str]) -> Iterator[str]:
    rows = list(_rows(file))
    for start in range(0, len(rows), _LINES_PER_METHOD):
        yield written(rows[start : start + _LINES_PER_METHOD])


def _rows(file: SourceFile) -> Iterator[tuple[int, int, int, int]]:
    columns = (file.line, file.hits, file.arms, file.covered)
    return zip(*(column.tolist() for column in columns), strict=True)


def _path(file: SourceFile) -> str:
    return f"{file.package}/{file.name}.cs".replace("/", "\\")
