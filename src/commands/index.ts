import { absorbLead } from './absorb-lead.ts';
import { addIdentifier } from './add-identifier.ts';
import { captureLead } from './capture-lead.ts';
import { createProject } from './create-project.ts';
import { issueKey } from './issue-key.ts';
import { linkIdentifier } from './link-identifier.ts';
import { mergeLead } from './merge-lead.ts';
import { progressJob } from './progress-job.ts';
import { publishScoringModel } from './publish-scoring-model.ts';
import { recordActivities } from './record-activities.ts';
import { requestJob } from './request-job.ts';
import { rescoreLead } from './rescore-lead.ts';
import { revokeKey } from './revoke-key.ts';

/** All that may be asked, each once. */
export const commands = {
  absorbLead,
  addIdentifier,
  captureLead,
  createProject,
  issueKey,
  linkIdentifier,
  mergeLead,
  progressJob,
  publishScoringModel,
  recordActivities,
  requestJob,
  rescoreLead,
  revokeKey,
} as const;
