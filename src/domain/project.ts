import { List, Map } from 'immutable';
import { z } from 'zod';
import { isoTime } from './activity.ts';
import type { Aggregate, EventsOf } from './event.ts';
import { projectPacking } from './project-packing.ts';
import type { PublishedModel } from './scoring-model.ts';
import { defaultModel, scoringModelSchema } from './scoring-model.ts';

/** What a key allows. `admin` is everything in its project. */
export const scopes = ['events:write', 'leads:read', 'leads:write', 'config:write', 'admin'] as const;
export type Scope = (typeof scopes)[number];

const key = z.object({
  keyId: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(scopes)),
  /** SHA-256 of the key's value, hexadecimal; the value itself is stored nowhere. */
  hash: z.string(),
});
export type Key = Readonly<z.infer<typeof key>>;

/** The facts of a project's stream, `project-<projectId>`. Shapes are forever. */
export const projectEvents = {
  ProjectCreated: z.object({ projectId: z.string(), name: z.string(), createdAt: isoTime }).describe('A tenant began.'),
  KeyIssued: key.describe('A key of the project was given out; only the hash of its value is recorded.'),
  KeyRevoked: z.object({ keyId: z.string() }).describe('A key was taken back.'),
  ScoringModelPublished: z
    .object({
      version: z.number().int().min(2),
      model: scoringModelSchema,
      publishedAt: isoTime,
    })
    .describe('A scoring model came into force, as a whole.'),
} as const;
export type ProjectEvent = EventsOf<typeof projectEvents>;

export type ProjectState = {
  readonly projectId: string | undefined;
  readonly name: string;
  readonly createdAt: string;
  readonly keys: Map<string, Key>;
  readonly scoring: PublishedModel;
  /** How many facts the project has. */
  readonly facts: number;
  /** The revisions of the facts that published a scoring model, in the order of the versions, which begin with 2. */
  readonly published: List<number>;
};

const initial: ProjectState = {
  projectId: undefined,
  name: '',
  createdAt: '',
  keys: Map(),
  scoring: { version: 1, model: defaultModel },
  facts: 0,
  published: List(),
};

const changed = (state: ProjectState, event: ProjectEvent): ProjectState => {
  switch (event.type) {
    case 'ProjectCreated': {
      const { projectId, name, createdAt } = event.data;
      return { ...state, projectId, name, createdAt };
    }
    case 'KeyIssued':
      return { ...state, keys: state.keys.set(event.data.keyId, event.data) };
    case 'KeyRevoked':
      return { ...state, keys: state.keys.remove(event.data.keyId) };
    case 'ScoringModelPublished':
      return {
        ...state,
        scoring: { version: event.data.version, model: event.data.model },
        published: state.published.push(state.facts),
      };
    default:
      return state;
  }
};

const evolve = (state: ProjectState, event: ProjectEvent): ProjectState => {
  const after = changed(state, event);
  return after === state ? state : { ...after, facts: state.facts + 1 };
};

// A model may be large, and is the only thing of a project that is; what a character takes depends on the text.
const measure = ({ keys, published, scoring }: ProjectState): number =>
  500 + 600 * keys.size + 16 * published.size + 4 * JSON.stringify(scoring.model).length;

export const project: Aggregate<ProjectState, ProjectEvent> = {
  name: 'project',
  initial,
  evolve,
  measure,
  snapshot: projectPacking,
};
