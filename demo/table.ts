import { stripVTControlCharacters, styleText } from 'node:util';

/** Text in bold, dimmed or in a colour where the terminal has it. */
export const bold = (text: string): string => styleText('bold', text);
export const dim = (text: string): string => styleText('dim', text);
export const green = (text: string): string => styleText('green', text);
export const red = (text: string): string => styleText('red', text);
export const cyan = (text: string): string => styleText('cyan', text);

const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** Lines of cells that stand under each other. `alignment` has a letter for each column: l for left, r for right. */
export const table = (rows: readonly (readonly string[])[], alignment: string): readonly string[] => {
  const widths = [...alignment].map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const space = ' '.repeat((widths[column] ?? 0) - widthOf(cell));
      return alignment[column] === 'r' ? space + cell : cell + space;
    });
    return `  ${cells.join('  ')}`.trimEnd();
  });
};

/** A whole number with commas. */
export const grouped = (value: number): string => value.toLocaleString('en-US');

/** Points with their sign. */
export const signed = (points: number): string => (points > 0 ? `+${points}` : String(points));
