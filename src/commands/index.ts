import { absorbLead } from './absorb-lead.ts';
import { acceptLead } from './accept-lead.ts';
import { addIdentifier } from './add-identifier.ts';
import { addRep } from './add-rep.ts';
import { addTeam } from './add-team.ts';
import { approveLead } from './approve-lead.ts';
import { approveWorkItem } from './approve-work-item.ts';
import { assignLead } from './assign-lead.ts';
import { cancelJob } from './cancel-job.ts';
import { captureLead } from './capture-lead.ts';
import { changeRep } from './change-rep.ts';
import { changeTeam } from './change-team.ts';
import { claimJob } from './claim-job.ts';
import { claimWorkItem } from './claim-work-item.ts';
import { closeLead } from './close-lead.ts';
import { closeWorkItem } from './close-work-item.ts';
import { completeWorkItem } from './complete-work-item.ts';
import { createProject } from './create-project.ts';
import { declineLead } from './decline-lead.ts';
import { discardWork } from './discard-work.ts';
import { escalateWorkItem } from './escalate-work-item.ts';
import { failJob } from './fail-job.ts';
import { failRouting } from './fail-routing.ts';
import { finishWork } from './finish-work.ts';
import { freePlace } from './free-place.ts';
import { issueKey } from './issue-key.ts';
import { keyRequest } from './key-request.ts';
import { lapseWorkItem } from './lapse-work-item.ts';
import { linkIdentifier } from './link-identifier.ts';
import { mergeLead } from './merge-lead.ts';
import { mindResponse } from './mind-response.ts';
import { movePlace } from './move-place.ts';
import { openWorkItem } from './open-work-item.ts';
import { parkWork } from './park-work.ts';
import { placeByHand } from './place-by-hand.ts';
import { placeLead } from './place-lead.ts';
import { progressJob } from './progress-job.ts';
import { publishReplyPolicy } from './publish-reply-policy.ts';
import { publishRoutingRules } from './publish-routing-rules.ts';
import { publishScoringModel } from './publish-scoring-model.ts';
import { raiseWorkItem } from './raise-work-item.ts';
import { recordActivities } from './record-activities.ts';
import { rejectWorkItem } from './reject-work-item.ts';
import { releaseWorkItem } from './release-work-item.ts';
import { reopenLead } from './reopen-lead.ts';
import { requestApproval } from './request-approval.ts';
import { requestJob } from './request-job.ts';
import { requestRouting } from './request-routing.ts';
import { rescoreLead } from './rescore-lead.ts';
import { retryJob } from './retry-job.ts';
import { retryWork } from './retry-work.ts';
import { revokeKey } from './revoke-key.ts';
import { unassignLead } from './unassign-lead.ts';
import { withdrawLead } from './withdraw-lead.ts';

/** All that may be asked, each once. */
export const commands = {
  absorbLead,
  acceptLead,
  addIdentifier,
  addRep,
  addTeam,
  approveLead,
  approveWorkItem,
  assignLead,
  cancelJob,
  captureLead,
  changeRep,
  changeTeam,
  claimJob,
  claimWorkItem,
  closeLead,
  closeWorkItem,
  completeWorkItem,
  createProject,
  declineLead,
  discardWork,
  escalateWorkItem,
  failJob,
  failRouting,
  finishWork,
  freePlace,
  issueKey,
  keyRequest,
  lapseWorkItem,
  linkIdentifier,
  mergeLead,
  mindResponse,
  movePlace,
  openWorkItem,
  parkWork,
  placeByHand,
  placeLead,
  progressJob,
  publishReplyPolicy,
  publishRoutingRules,
  publishScoringModel,
  raiseWorkItem,
  recordActivities,
  rejectWorkItem,
  releaseWorkItem,
  reopenLead,
  requestApproval,
  requestJob,
  requestRouting,
  rescoreLead,
  retryJob,
  retryWork,
  revokeKey,
  unassignLead,
  withdrawLead,
} as const;
