"""Takes a manual page apart: what its examples run and what they print."""
import dataclasses
import html
import re

FENCE = re.compile(r"^\s*```")
OUTPUT_LINE = re.compile(r"^\s*//\s*(?:outputs?\b\s*[:：]?|error\s*[:：])(.*)$", re.I)
OUTPUT_BEHIND = re.compile(r"^(.*\S.*?)\s*//\s*outputs?\s*[:：]\s*(\S.*)$", re.I)
OUTPUT_WORD = re.compile(r"^\s*outputs?\b\s*[:：]?", re.I)
OUTPUT_PROSE = re.compile(r"^\W*(?:the )?(?:outputs?|returns?|results?)\b[^.]{0,30}[:：]?\W*$", re.I)
PROMPT = re.compile(r"^\$ ", re.M)
SHARES = re.compile(r"^\s*(?:share\b|enableTableShare|undef\b|use\s+catalog\b)")
DASHES = re.compile(r"^[\s-]*--[\s-]*$", re.M)


@dataclasses.dataclass
class Step:
    """Statements to run; `printed` are the texts that may come out, `table` the columns (head first) a Markdown table shows."""

    script: str
    printed: list = dataclasses.field(default_factory=list)
    table: list = None

    @property
    def is_checked(self):
        return bool(self.printed) or self.table is not None


def section(markdown):
    """The part of a page that holds its examples."""
    found = re.search(r"^#+ *Examples?\b.*$", markdown, re.M | re.I)
    return markdown[found.end():] if found else ""


def blocks(markdown):
    """Yields ("code", text), ("table", [line …]) and ("prose", line) in order."""
    code, table = None, []
    for line in markdown.split("\n"):
        if FENCE.match(line):
            if code is not None:
                yield "code", "\n".join(code)
                code = None
            else:
                if table:
                    yield "table", table
                    table = []
                code, indent = [], len(line) - len(line.lstrip())
            continue
        if code is not None:
            code.append(line[indent:] if line[:indent].strip() == "" else line)
        elif line.strip().startswith("|"):
            table.append(line.strip())
        else:
            if table:
                yield "table", table
                table = []
            if line.strip():
                yield "prose", line.strip()
    if table:
        yield "table", table


def table_columns(lines):
    """Columns of a Markdown table, heads first."""
    rows = []
    for line in lines:
        cells = re.split(r"(?<!\\)\|", line.strip().strip("|") if not line.endswith("\\|") else line.strip()[1:])
        rows.append([re.sub(r"\\(.)", r"\1", cell.strip()).strip("`") for cell in cells])
    rows = [row for i, row in enumerate(rows) if i != 1]
    width = max(len(row) for row in rows)
    return [[row[c] if c < len(row) else "" for row in rows] for c in range(width)]


def is_open(text):
    return any(text.count(a) > text.count(b) for a, b in ("[]", "()", "{}"))


def plain_code(text):
    """A block as it is typed: without prompts and the escapes some pages carry into code."""
    if re.search(r"\\[\[(]", text):
        text = html.unescape(re.sub(r"\\([\[\]()_*>])", r"\1", text))
    return PROMPT.sub("", text)


def with_stops(script):
    """Names that statements share are known to the statements behind them: pages run line by line."""
    lines, depth = [], 0
    for line in script.split("\n"):
        lines.append(line)
        code = re.sub(r"""("[^"]*"|'[^']*'|//.*)""", "", line)
        is_outside = depth == 0
        depth += sum(code.count(sign) for sign in "([{") - sum(code.count(sign) for sign in ")]}")
        if is_outside and depth == 0 and SHARES.match(line):
            lines.append("go")
    return "\n".join(lines)


class Cutter:
    """Cuts one code block into steps; what is left over at its end has no output yet."""

    def __init__(self, text):
        self.lines = plain_code(text).split("\n")
        self.at = 0
        self.statements = []
        self.steps = []

    def cut(self):
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            output = OUTPUT_LINE.match(line)
            behind = OUTPUT_BEHIND.match(line)
            if output:
                self.finish(self.texts(output.group(1)))
            elif line.strip().startswith("/*"):
                self.comment(line)
            elif behind and not behind.group(1).strip().startswith("//"):
                self.statements.append(behind.group(1))
                self.finish(self.texts(behind.group(2)))
            else:
                self.statements.append(line)
        rest = "\n".join(self.statements).strip()
        return self.steps, rest

    def texts(self, first):
        """The readings of an output that starts with `first`."""
        first = first.strip()
        more = []
        comments = self.at < len(self.lines) and self.lines[self.at].strip().startswith("//")
        while self.at + len(more) < len(self.lines):
            line = self.lines[self.at + len(more)].strip()
            is_comment = line.startswith("//")
            if not line or OUTPUT_LINE.match(line) or is_comment != comments:
                break
            more.append(line.lstrip("/").strip() if is_comment else line)
        whole = "\n".join([first] + more)
        if not first or "->" in first or is_open(first) or DASHES.search(whole):
            self.at += len(more)
            return [whole]
        return [first, whole] if comments and more else [first]

    def comment(self, line):
        text = line.strip()[2:]
        while "*/" not in text and self.at < len(self.lines):
            text += "\n" + self.lines[self.at]
            self.at += 1
        text = text.split("*/")[0].strip("\n")
        if OUTPUT_WORD.match(text):
            self.finish([OUTPUT_WORD.sub("", text, count=1).strip("\n")])
        elif DASHES.search(text) or re.match(r"^\s*\w+->", text):
            self.finish([text])

    def finish(self, texts):
        script = "\n".join(self.statements).strip()
        if script and any(text.strip() for text in texts):
            self.steps.append(Step(script, [text for text in texts if text.strip()]))
            self.statements = []


def steps(markdown):
    """Every step of a page's examples, in order; those without output only prepare the next."""
    result, rest, is_output = [], None, False
    for kind, content in blocks(section(markdown)):
        if kind == "prose":
            is_output = bool(OUTPUT_PROSE.match(content)) and rest is not None
            if not is_output and rest:
                result.append(Step(rest))
                rest = None
        elif kind == "table":
            if rest:
                result.append(Step(rest, table=table_columns(content)))
            rest = None
        elif is_output and rest:
            result.append(Step(rest, [OUTPUT_WORD.sub("", content, count=1)]))
            rest, is_output = None, False
        else:
            if rest:
                result.append(Step(rest))
            cut, rest = Cutter(content).cut()
            result += cut
            rest = rest or None
    if rest:
        result.append(Step(rest))
    return result
