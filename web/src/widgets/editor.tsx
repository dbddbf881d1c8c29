import {
  autocompletion,
  type CompletionContext,
  type CompletionResult,
  closeBrackets,
  closeBracketsKeymap,
  closeCompletion,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension, Prec } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { keywords, scriptLanguage } from "./script_language";

export interface Piece {
  readonly text: string;
  /** Number of its first line in the editor, from 1. */
  readonly firstLine: number;
}

export interface EditorHandle {
  /** What is selected, or everything. */
  pieceToRun(): Piece;
  markLine(line: number, message: string): void;
  clearMarks(): void;
  replace(text: string): void;
  focus(): void;
}

interface EditorProps {
  readonly ref: Ref<EditorHandle>;
  readonly label: string;
  readonly initialText: string;
  readonly onChange: (text: string) => void;
  readonly onSelection: (isEmpty: boolean) => void;
  readonly onRun: () => void;
}

/** Longer texts are not searched for words at every letter. */
const searchedLettersMax = 100_000;

/** Keywords, and the words that stand in the text already. */
function completions(context: CompletionContext): CompletionResult | null {
  const started = context.matchBefore(/[A-Za-z_]\w*/);
  if (started === null) return null;
  const { doc } = context.state;
  const around = doc.sliceString(0, Math.min(doc.length, searchedLettersMax));
  const words = new Set([...keywords, ...(around.match(/[A-Za-z_]\w*/g) ?? [])]);
  // The word being typed is no help to itself.
  words.delete(started.text);
  return { from: started.from, options: [...words].map((label) => ({ label })), validFor: /^\w*$/ };
}

function extensions(props: { current: EditorProps }): Extension {
  const run = (view: EditorView) => {
    closeCompletion(view);
    props.current.onRun();
    return true;
  };
  return [
    Prec.highest(
      keymap.of([
        { key: "Mod-e", run, preventDefault: true },
        { key: "Ctrl-e", run, preventDefault: true },
        { key: "Mod-Enter", run, preventDefault: true },
      ]),
    ),
    lineNumbers(),
    lintGutter(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    highlightActiveLineGutter(),
    bracketMatching(),
    closeBrackets(),
    autocompletion({ override: [completions], activateOnTypingDelay: 300, icons: false }),
    indentUnit.of("    "),
    EditorState.tabSize.of(4),
    // Escape, then Tab leaves the editor.
    keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
    scriptLanguage(),
    EditorView.contentAttributes.of(() => ({ "aria-label": props.current.label, spellcheck: "false" })),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) props.current.onChange(update.state.doc.toString());
      if (update.selectionSet || update.docChanged) props.current.onSelection(update.state.selection.main.empty);
    }),
  ];
}

function pieceOf({ doc, selection }: EditorState): Piece {
  const { from, to, empty } = selection.main;
  if (empty) return { text: doc.toString(), firstLine: 1 };
  return { text: doc.sliceString(from, to), firstLine: doc.lineAt(from).number };
}

function diagnosticAt({ doc }: EditorState, line: number, message: string): Diagnostic {
  const { from, to } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return { from, to, severity: "error", message };
}

function handleOf(view: EditorView): EditorHandle {
  return {
    pieceToRun: () => pieceOf(view.state),
    markLine: (line, message) =>
      view.dispatch(setDiagnostics(view.state, [diagnosticAt(view.state, line, message)]), {
        effects: EditorView.scrollIntoView(view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines)).from),
      }),
    clearMarks: () => view.dispatch(setDiagnostics(view.state, [])),
    replace: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    focus: () => view.focus(),
  };
}

export function Editor(props: EditorProps) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  // The editor keeps its listeners for life; they look here for what to call.
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (parent.current === null) return;
    const created = new EditorView({
      parent: parent.current,
      doc: latest.current.initialText,
      extensions: extensions(latest),
    });
    view.current = created;
    created.focus();
    return () => created.destroy();
  }, []);
  useImperativeHandle(props.ref, () => ({
    pieceToRun: () => (view.current === null ? { text: "", firstLine: 1 } : handleOf(view.current).pieceToRun()),
    markLine: (line, message) => view.current && handleOf(view.current).markLine(line, message),
    clearMarks: () => view.current && handleOf(view.current).clearMarks(),
    replace: (text) => view.current && handleOf(view.current).replace(text),
    focus: () => view.current?.focus(),
  }));
  return <div ref={parent} className="editor" />;
}
