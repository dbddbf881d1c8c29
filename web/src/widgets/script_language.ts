// Colours for the script language with SQL inside. Works line by line; only block comments reach over lines.

import {
  HighlightStyle,
  LanguageSupport,
  StreamLanguage,
  type StringStream,
  syntaxHighlighting,
} from "@codemirror/language";
import { tags } from "@lezer/highlight";

export const keywords = new Set(
  (
    "select exec update delete insert into values from where group by order context pivot having limit top as " +
    "asc desc case when then else end in between and or not like is null distinct all any exists union " +
    "inner left right full outer join on asof window prefix cross create drop alter database table partitioned " +
    "def defg mapr return if for do while break continue try catch throw go use module import include share undef " +
    "mutable const assert timer class"
  ).split(" "),
);
/** Keywords that a parenthesis may follow; other words before one are functions: table(, database(. */
const control = new Set([
  "if",
  "for",
  "while",
  "in",
  "and",
  "or",
  "not",
  "values",
  "return",
  "when",
  "then",
  "else",
  "on",
  "def",
]);
const constants = new Set(["true", "false", "NULL", "VOID"]);
const types = new Set(
  (
    "BOOL CHAR SHORT INT LONG DATE MONTH TIME MINUTE SECOND DATETIME TIMESTAMP NANOTIME NANOTIMESTAMP FLOAT DOUBLE " +
    "SYMBOL STRING UUID IPADDR INT128 BLOB COMPLEX POINT DURATION DECIMAL32 DECIMAL64 DECIMAL128 ANY DATEHOUR " +
    "VALUE RANGE HASH LIST COMPO SEQ OLAP TSDB"
  ).split(" "),
);

const temporal = /^(?:\d{4}\.\d\d(?:\.\d\d)?M?(?:T\d\d(?::\d\d)?(?::\d\d)?(?:\.\d+)?)?|\d\d:\d\d(?::\d\d(?:\.\d+)?|m))/;
const number = /^(?:\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)[a-zA-Z]*/;
const word = /^[A-Za-z_][A-Za-z0-9_]*/;

interface State {
  inComment: boolean;
}

function restOfComment(stream: StringStream, state: State): string {
  const end = stream.string.indexOf("*/", stream.pos);
  if (end < 0) stream.skipToEnd();
  else stream.pos = end + 2;
  state.inComment = end < 0;
  return "comment";
}

function restOfString(stream: StringStream, quote: string): string {
  for (let next = stream.next(); next !== undefined && next !== quote; next = stream.next()) {
    if (next === "\\") stream.next();
  }
  return "string";
}

function wordStyle(text: string, stream: StringStream): string | null {
  const called = stream.peek() === "(";
  if (called && !control.has(text)) return "function";
  if (keywords.has(text) || keywords.has(text.toLowerCase())) return "keyword";
  if (constants.has(text)) return "atom";
  if (types.has(text)) return "typeName";
  return "variableName";
}

function token(stream: StringStream, state: State): string | null {
  if (state.inComment) return restOfComment(stream, state);
  if (stream.eatSpace()) return null;
  if (stream.match("//")) {
    stream.skipToEnd();
    return "comment";
  }
  if (stream.match("/*")) return restOfComment(stream, state);
  if (stream.match(/^`[A-Za-z0-9_.]*/)) return "string";
  if (stream.match("..")) return "operator";
  if (stream.match(temporal)) return "atom";
  if (stream.match(number)) return "number";
  const found = stream.match(word);
  if (found !== null && typeof found === "object") return wordStyle(found[0], stream);
  const letter = stream.next();
  if (letter === '"' || letter === "'") return restOfString(stream, letter);
  return letter !== undefined && "+-*/%=<>!&|^~$:\\@?".includes(letter) ? "operator" : null;
}

const language = StreamLanguage.define<State>({
  name: "pelorus-script",
  startState: () => ({ inComment: false }),
  token,
  tokenTable: { function: tags.function(tags.variableName) },
  languageData: {
    commentTokens: { line: "//", block: { open: "/*", close: "*/" } },
    closeBrackets: { brackets: ["(", "[", "{", '"', "'"] },
  },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--code-keyword)", fontWeight: "600" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.string, color: "var(--code-string)" },
  { tag: [tags.number, tags.atom], color: "var(--code-number)" },
  { tag: tags.typeName, color: "var(--code-type)" },
  { tag: tags.function(tags.variableName), color: "var(--code-function)" },
]);

export function scriptLanguage(): LanguageSupport {
  return new LanguageSupport(language, [syntaxHighlighting(colours)]);
}
