import { describe, expect, it } from 'vitest';
import { laneLimits, lanesPerProject } from '../../../src/api/http/lanes.ts';
import { Problem } from '../../../src/api/http/problems.ts';

const limits = { running: 2, runningInAll: 3, waiting: 4 };

/** Work in lanes that ends when it is told to; `begun` lists what began, in order. */
const working = (lanes = lanesPerProject(limits)) => {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const start = (projectId: string, name: string, wanted?: () => boolean): Promise<string> =>
    lanes(
      projectId,
      async () => {
        begun.push(name);
        await new Promise<void>((resolve) => ends.set(name, resolve));
        return name;
      },
      wanted,
    );
  const end = async (name: string, done: Promise<unknown>): Promise<void> => {
    ends.get(name)?.();
    await done;
  };
  return { start, end, begun };
};

/** Lets what can go on go on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Lanes', () => {
  it('let so many of a project work at a time, and the next in line begin when one ends', async () => {
    const { start, end, begun } = working();
    const [a, b, c] = ['a', 'b', 'c'].map((name) => start('acme', name));
    await turn();
    expect(begun).toEqual(['a', 'b']);
    await end('b', b as Promise<string>);
    await turn();
    expect(begun).toEqual(['a', 'b', 'c']);
    await end('a', a as Promise<string>);
    await end('c', c as Promise<string>);
    expect(await a).toBe('a');
  });

  it('let another project begin at once, however many of the first wait', async () => {
    const { start, begun } = working();
    for (const name of ['a', 'b', 'c', 'd']) void start('acme', name);
    void start('other', 'x');
    await turn();
    expect(begun).toEqual(['a', 'b', 'x']);
  });

  it('give places that get free to the projects in turn', async () => {
    const { start, end, begun } = working(lanesPerProject({ ...limits, running: 3 }));
    const first = ['a', 'b', 'c'].map((name) => start('acme', name));
    for (const name of ['d', 'e']) void start('acme', name);
    for (const name of ['x', 'y']) void start('other', name);
    await turn();
    for (const [place, name] of ['a', 'b', 'c'].entries()) await end(name, first[place] as Promise<string>);
    await turn();
    expect(begun).toEqual(['a', 'b', 'c', 'd', 'x', 'e']);
  });

  it('turn away who would be one too many in line, and say when to come again', async () => {
    const { start, begun } = working();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) void start('acme', name);
    const turned = await start('acme', 'g').catch((error: unknown) => error);
    expect(turned).toBeInstanceOf(Problem);
    expect(turned).toMatchObject({ code: 'too-many-requests', headers: { 'Retry-After': '5' } });
    expect(begun).toEqual(['a', 'b']);
  });

  it('pass over who went away meanwhile, and free the place of work that fails', async () => {
    const lanes = lanesPerProject(limits);
    const { start, end, begun } = working(lanes);
    const a = start('acme', 'a');
    const failing = lanes('acme', async () => {
      await turn();
      throw new Error('It broke');
    });
    const gone = start('acme', 'gone', () => false);
    const c = start('acme', 'c');
    await expect(failing).rejects.toThrow('It broke');
    await expect(gone).rejects.toThrow('went away');
    expect(begun).toEqual(['a', 'c']);
    await end('a', a);
    await end('c', c);
  });

  it('have room for two of a project at a time', () => {
    expect(laneLimits.running).toBe(2);
  });
});
