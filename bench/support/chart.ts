import type { Told } from './figures.ts';
import { withUnit } from './table.ts';

const [width, left, right, bar] = [900, 320, 240, 14];
const room = width - left - right;

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

type Bar = { readonly value: number; readonly label: string; readonly colour: string };

/** A group is drawn to a scale of its own: its figures have one unit, those of the next may have another. */
const group = ({ name, unit, median, reference, goal, ratio }: Told, top: number): string => {
  const bars: readonly Bar[] = [
    { value: median, label: withUnit(median, unit), colour: '#2563eb' },
    ...(reference
      ? [
          {
            value: reference.median,
            label: `${withUnit(reference.median, unit)}, ${reference.name}`,
            colour: '#9ca3af',
          },
        ]
      : []),
  ];
  const limit = goal && ('atLeast' in goal ? goal.atLeast : goal.atMost);
  const mark = limit === undefined ? undefined : limit * (ratio === undefined ? 1 : (reference?.median ?? 1));
  const scale = room / (Math.max(...bars.map(({ value }) => value), mark ?? 0) || 1);
  const drawn = bars.map(({ value, label, colour }, index) => {
    const [y, long] = [top + index * (bar + 4), Math.max(1, value * scale)];
    return `<rect x="${left}" y="${y}" width="${long.toFixed(1)}" height="${bar}" fill="${colour}"/>
<text x="${(left + long + 6).toFixed(1)}" y="${y + 11}">${escaped(label)}</text>`;
  });
  const x = (left + (mark ?? 0) * scale).toFixed(1);
  const goalLine = `<line x1="${x}" x2="${x}" y1="${top - 4}" y2="${top + bars.length * (bar + 4)}" stroke="#dc2626" stroke-dasharray="3 2"/>`;
  const title = `<text x="${left - 10}" y="${top + 11}" text-anchor="end">${escaped(name)}</text>`;
  return [title, ...drawn, ...(mark === undefined ? [] : [goalLine])].join('\n');
};

const isDrawn = ({ reference, goal }: Told): boolean => reference !== undefined || goal !== undefined;

/** A bar chart of the figures that have a reference or a goal: ours, the reference, and the goal as a line. */
export const chartOf = (title: string, figures: readonly Told[]): string => {
  let top = 50;
  const groups = figures.filter(isDrawn).map((figure) => {
    const drawn = group(figure, top);
    top += (figure.reference ? 2 : 1) * (bar + 4) + 16;
    return drawn;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" viewBox="0 0 ${width} ${top}" font-family="sans-serif" font-size="11" fill="#111827">
<rect width="${width}" height="${top}" fill="#ffffff"/>
<text x="12" y="24" font-size="14" font-weight="bold">${escaped(title)}</text>
${groups.join('\n')}
</svg>
`;
};
