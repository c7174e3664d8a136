import { absorbLead } from './absorb-lead.ts';
import { addIdentifier } from './add-identifier.ts';
import { cancelJob } from './cancel-job.ts';
import { captureLead } from './capture-lead.ts';
import { claimJob } from './claim-job.ts';
import { createProject } from './create-project.ts';
import { discardWork } from './discard-work.ts';
import { failJob } from './fail-job.ts';
import { finishWork } from './finish-work.ts';
import { issueKey } from './issue-key.ts';
import { linkIdentifier } from './link-identifier.ts';
import { mergeLead } from './merge-lead.ts';
import { parkWork } from './park-work.ts';
import { progressJob } from './progress-job.ts';
import { publishScoringModel } from './publish-scoring-model.ts';
import { recordActivities } from './record-activities.ts';
import { requestJob } from './request-job.ts';
import { rescoreLead } from './rescore-lead.ts';
import { retryJob } from './retry-job.ts';
import { retryWork } from './retry-work.ts';
import { revokeKey } from './revoke-key.ts';

/** All that may be asked, each once. */
export const commands = {
  absorbLead,
  addIdentifier,
  cancelJob,
  captureLead,
  claimJob,
  createProject,
  discardWork,
  failJob,
  finishWork,
  issueKey,
  linkIdentifier,
  mergeLead,
  parkWork,
  progressJob,
  publishScoringModel,
  recordActivities,
  requestJob,
  rescoreLead,
  retryJob,
  retryWork,
  revokeKey,
} as const;
