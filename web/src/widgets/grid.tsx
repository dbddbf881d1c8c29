// biome-ignore-all lint/a11y/useSemanticElements: cells are placed one by one, which table elements do not allow
// biome-ignore-all lint/a11y/useFocusableInteractive: the whole grid has the focus, its cells do nothing

import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useMemo, useRef } from "react";
import type { GridColumn, GridModel } from "./grid_model";

const rowHeight = 24;
const headHeight = 42;
const letterWidth = 7.4;
const cellPadding = 18;
const widthMin = 56;
const widthMax = 420;
const sampleRows = 300;

/** By rows from the whole length: a number that is cut would be read as another number. */
function widthOf(column: GridColumn, rows: number): number {
  let letters = Math.max(wideLength(column.title), column.type.length);
  const step = Math.max(1, Math.floor(rows / sampleRows));
  for (let row = 0; row < rows; row += step) letters = Math.max(letters, wideLength(column.textAt(row) ?? ""));
  if (column.alignRight) ++letters;
  return Math.min(Math.max(letters * letterWidth + cellPadding, widthMin), widthMax);
}

/** Chinese, Japanese and Korean letters take the room of two. */
function wideLength(text: string): number {
  let length = 0;
  for (const letter of text) length += (letter.codePointAt(0) ?? 0) > 0x2e7f ? 2 : 1;
  return length;
}

function labelWidthOf(grid: GridModel): number {
  let letters = grid.rowLabel(Math.max(grid.rows - 1, 0)).length;
  for (let row = 0; row < Math.min(grid.rows, sampleRows); ++row)
    letters = Math.max(letters, wideLength(grid.rowLabel(row)));
  return Math.min(letters * letterWidth + cellPadding, widthMax);
}

/** Draws what is in sight only: as quick for a hundred thousand rows as for ten. */
export const Grid = memo(function Grid({
  grid,
  label,
  nullText,
}: {
  grid: GridModel;
  label: string;
  nullText: string;
}) {
  const scroller = useRef<HTMLDivElement>(null);
  const widths = useMemo(() => grid.columns.map((column) => widthOf(column, grid.rows)), [grid]);
  const labelWidth = useMemo(() => labelWidthOf(grid), [grid]);
  const getScrollElement = () => scroller.current;
  const rows = useVirtualizer({ count: grid.rows, getScrollElement, estimateSize: () => rowHeight, overscan: 8 });
  const columns = useVirtualizer({
    horizontal: true,
    count: grid.columns.length,
    getScrollElement,
    estimateSize: (index) => widths[index] ?? widthMin,
    overscan: 3,
  });
  const shown = columns.getVirtualItems();
  const width = labelWidth + columns.getTotalSize();
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling area must be reachable by keyboard
    <div ref={scroller} className="grid" role="region" aria-label={label} tabIndex={0}>
      <div role="table" aria-rowcount={grid.rows + 1} aria-colcount={grid.columns.length + 1} style={{ width }}>
        <div className="grid-head" role="row" aria-rowindex={1} style={{ width, height: headHeight }}>
          <div className="grid-corner" role="columnheader" style={{ width: labelWidth }}>
            #
          </div>
          {shown.map(({ index, start, size }) => (
            <HeadCell key={index} column={grid.columns[index]} left={labelWidth + start} width={size} index={index} />
          ))}
        </div>
        <div className="grid-body" role="rowgroup" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <div
              key={row.index}
              className={row.index % 2 === 1 ? "grid-row grid-row-odd" : "grid-row"}
              role="row"
              aria-rowindex={row.index + 2}
              style={{ width, height: rowHeight, transform: `translateY(${row.start}px)` }}
            >
              <div className="grid-label" role="rowheader" style={{ width: labelWidth }}>
                {grid.rowLabel(row.index)}
              </div>
              {shown.map(({ index, start, size }) => {
                const place = { left: labelWidth + start, width: size };
                return <Cell key={index} column={grid.columns[index]} row={row.index} {...place} nullText={nullText} />;
              })}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
});

interface HeadProps {
  readonly column: GridColumn | undefined;
  readonly left: number;
  readonly width: number;
  readonly index: number;
}

function HeadCell({ column, left, width, index }: HeadProps) {
  if (column === undefined) return null;
  return (
    <div
      className={column.alignRight ? "grid-title grid-right" : "grid-title"}
      role="columnheader"
      aria-colindex={index + 2}
      title={`${column.title} ${column.type}`}
      style={{ left, width }}
    >
      <b>{column.title}</b>
      <span className="grid-type">{column.type}</span>
    </div>
  );
}

interface CellProps {
  readonly column: GridColumn | undefined;
  readonly row: number;
  readonly left: number;
  readonly width: number;
  readonly nullText: string;
}

function Cell({ column, row, left, width, nullText }: CellProps) {
  const text = column?.textAt(row) ?? null;
  const isNull = text === null && column?.nullText === true;
  return (
    <div
      className={`grid-cell${column?.alignRight ? " grid-right" : ""}${isNull ? " grid-null" : ""}`}
      role="cell"
      title={text ?? undefined}
      style={{ left, width }}
    >
      {isNull ? nullText : text}
    </div>
  );
}
