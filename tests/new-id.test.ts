import { afterEach, describe, expect, it, vi } from 'vitest';
import { validate, version } from 'uuid';
import { newIds } from '../src/new-id.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('New ids', () => {
  it('are UUIDs of version 7 that differ, of all variants', () => {
    const newId = newIds();
    const ids = Array.from({ length: 5_000 }, newId);
    expect(ids.filter((id) => !validate(id) || version(id) !== 7)).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...new Set(ids.map((id) => id[19]))].sort()).toEqual(['8', '9', 'a', 'b']);
  });

  it('begin with the time at which they are made, in ms', () => {
    vi.useFakeTimers();
    const newId = newIds();
    for (const at of [0, 1, 1_774_000_000_123, 1_774_000_000_123, 2 ** 48 - 1]) {
      vi.setSystemTime(at);
      const id = newId();
      expect([version(id), Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16)]).toEqual([7, at]);
    }
  });

  it('have no bytes of chance in common, also where new chance is asked for', () => {
    const newId = newIds();
    const chance = Array.from({ length: 2_000 }, () => newId().slice(15));
    const column = (place: number) => new Set(chance.map((text) => text[place])).size;
    const hex = [...Array(21).keys()].filter((place) => ![3, 4, 8].includes(place));
    expect(hex.filter((place) => column(place) < 16)).toEqual([]);
  });
});
