import { expect, it } from 'vitest';
import { recentDocuments } from '../../src/projections/recent.ts';

const stored = (id: string, doc: unknown) => ({ project: 'p1', id, doc, position: 1 });
const megabytes = (count: number): string => 'x'.repeat(count * 1024 * 1024);

it('keeps as many of the latest documents as memory is set aside for', () => {
  const recent = recentDocuments<unknown>();
  const texts = Array.from({ length: 64 }, (_, n) => [{ text: megabytes(0.5), n: { deep: [null, 1.5, true, n] } }]);
  for (const [n, doc] of texts.entries()) recent.set(`d${n}`, stored(`d${n}`, doc));
  const kept = texts.flatMap((_, n) => (recent.get(`d${n}`) ? [n] : []));
  expect(kept).toEqual(Array.from({ length: 31 }, (_, n) => 33 + n));
});

it('does not keep a document that would take the place of all others', () => {
  const recent = recentDocuments<unknown>();
  recent.set('small', stored('small', { text: 'x' }));
  recent.set('large', stored('large', { text: 'x' }));
  recent.set('large', stored('large', { text: megabytes(2) }));
  expect(recent.get('large')).toBeUndefined();
  expect(recent.get('small')).toEqual(stored('small', { text: 'x' }));
});

it('keeps tombstones', () => {
  const recent = recentDocuments<unknown>();
  recent.set('gone', stored('gone', undefined));
  expect(recent.get('gone')).toEqual(stored('gone', undefined));
});
