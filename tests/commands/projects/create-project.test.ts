import { describe, expect, it } from 'vitest';
import { createProject } from '../../../src/commands/projects/create-project.ts';
import { newestEdition } from '../../../src/domain/scoring/default-model.ts';
import { projectCreated, projectId } from '../../support/facts.ts';
import { given } from '../../support/given.ts';

describe('Creating a project', () => {
  it('begins it, with the newest edition of the default model', () => {
    given()
      .when(createProject, { projectId, name: 'Acme' })
      .then(projectCreated({ defaultModel: newestEdition }));
  });

  it('is rejected when there is one of that id', () => {
    given(projectCreated()).when(createProject, { projectId, name: 'Other' }).rejects('project-exists');
  });

  it.each(['', 'Acme', 'a.b', 'a-b', '*', 'x'.repeat(65)])('takes no id that could be read wrongly: %j', (id) => {
    expect(createProject.input.safeParse({ projectId: id, name: 'Acme' }).success).toBe(false);
  });
});
