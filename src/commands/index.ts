import { absorbLead } from './lead/absorb-lead.ts';
import { acceptLead } from './routing/accept-lead.ts';
import { addIdentifier } from './lead/add-identifier.ts';
import { addRep } from './routing/add-rep.ts';
import { addTeam } from './routing/add-team.ts';
import { approveLead } from './routing/approve-lead.ts';
import { approveWorkItem } from './work/approve-work-item.ts';
import { assignLead } from './routing/assign-lead.ts';
import { cancelJob } from './jobs/cancel-job.ts';
import { captureLead } from './lead/capture-lead.ts';
import { changeMemberRole } from './projects/change-member-role.ts';
import { changeRep } from './routing/change-rep.ts';
import { changeTeam } from './routing/change-team.ts';
import { claimJob } from './jobs/claim-job.ts';
import { claimWorkItem } from './work/claim-work-item.ts';
import { closeLead } from './routing/close-lead.ts';
import { closeWorkItem } from './work/close-work-item.ts';
import { completeWorkItem } from './work/complete-work-item.ts';
import { completeReceipt } from './sources/complete-receipt.ts';
import { createProject } from './projects/create-project.ts';
import { declineLead } from './routing/decline-lead.ts';
import { discardDeadLetter } from './jobs/discard-dead-letter.ts';
import { escalateWorkItem } from './work/escalate-work-item.ts';
import { failJob } from './jobs/fail-job.ts';
import { failRouting } from './routing/fail-routing.ts';
import { finishDeadLetter } from './jobs/finish-dead-letter.ts';
import { freePlace } from './routing/free-place.ts';
import { inviteMember } from './projects/invite-member.ts';
import { issueKey } from './projects/issue-key.ts';
import { keyRequest } from './lead/key-request.ts';
import { lapseWorkItem } from './work/lapse-work-item.ts';
import { linkIdentifier } from './lead/link-identifier.ts';
import { mergeLead } from './lead/merge-lead.ts';
import { mindResponse } from './routing/mind-response.ts';
import { movePlace } from './routing/move-place.ts';
import { openWorkItem } from './work/open-work-item.ts';
import { addDeadLetter } from './jobs/add-dead-letter.ts';
import { placeByHand } from './routing/place-by-hand.ts';
import { placeLead } from './routing/place-lead.ts';
import { progressJob } from './jobs/progress-job.ts';
import { publishReplyPolicy } from './routing/publish-reply-policy.ts';
import { publishRoutingRules } from './routing/publish-routing-rules.ts';
import { publishScoringModel } from './scoring/publish-scoring-model.ts';
import { raiseWorkItem } from './work/raise-work-item.ts';
import { recordActivities } from './lead/record-activities.ts';
import { rejectWorkItem } from './work/reject-work-item.ts';
import { releaseWorkItem } from './work/release-work-item.ts';
import { reopenLead } from './routing/reopen-lead.ts';
import { requestApproval } from './routing/request-approval.ts';
import { requestJob } from './jobs/request-job.ts';
import { requestRouting } from './routing/request-routing.ts';
import { rescoreLead } from './scoring/rescore-lead.ts';
import { retryJob } from './jobs/retry-job.ts';
import { retryDeadLetter } from './jobs/retry-dead-letter.ts';
import { removeMember } from './projects/remove-member.ts';
import { takeInvitation } from './projects/take-invitation.ts';
import { removeKeySecret } from './projects/remove-key-secret.ts';
import { revokeKey } from './projects/revoke-key.ts';
import { rotateKey } from './projects/rotate-key.ts';
import { unassignLead } from './routing/unassign-lead.ts';
import { withdrawLead } from './routing/withdraw-lead.ts';
import { addSource } from './sources/add-source.ts';
import { changeSource } from './sources/change-source.ts';
import { removeSource } from './sources/remove-source.ts';
import { removeSourceSecret } from './sources/remove-source-secret.ts';
import { rotateSourceSecret } from './sources/rotate-source-secret.ts';
import { addEndpoint } from './deliveries/add-endpoint.ts';
import { changeEndpoint } from './deliveries/change-endpoint.ts';
import { disableEndpoint } from './deliveries/disable-endpoint.ts';
import { enableEndpoint } from './deliveries/enable-endpoint.ts';
import { forgetDelivery } from './deliveries/forget-delivery.ts';
import { recordAttempt } from './deliveries/record-attempt.ts';
import { removeEndpoint } from './deliveries/remove-endpoint.ts';
import { removeEndpointSecret } from './deliveries/remove-endpoint-secret.ts';
import { requestDelivery } from './deliveries/request-delivery.ts';
import { rotateEndpointSecret } from './deliveries/rotate-endpoint-secret.ts';
import { dropReject } from './sources/drop-reject.ts';
import { discardReject } from './sources/discard-reject.ts';
import { beginReplay } from './sources/begin-replay.ts';
import { completeReplay } from './sources/complete-replay.ts';
import { refuseReplay } from './sources/refuse-replay.ts';
import { keepReject } from './sources/keep-reject.ts';
import { acceptInvitation } from './people/accept-invitation.ts';
import { changePassword } from './people/change-password.ts';
import { describePerson } from './people/describe-person.ts';
import { endSession } from './people/end-session.ts';
import { endSessions } from './people/end-sessions.ts';
import { forgetToken } from './people/forget-token.ts';
import { inviteAddress } from './people/invite-address.ts';
import { refreshSession } from './people/refresh-session.ts';
import { registerAddress } from './people/register-address.ts';
import { requestMail } from './people/request-mail.ts';
import { resetPassword } from './people/reset-password.ts';
import { settleMail } from './people/settle-mail.ts';
import { startSession } from './people/start-session.ts';
import { verifyAddress } from './people/verify-address.ts';

/** All that may be asked, each once. */
export const commands = {
  absorbLead,
  acceptInvitation,
  acceptLead,
  addEndpoint,
  addIdentifier,
  addRep,
  addSource,
  addTeam,
  approveLead,
  approveWorkItem,
  assignLead,
  beginReplay,
  cancelJob,
  captureLead,
  changeEndpoint,
  changeMemberRole,
  changePassword,
  changeRep,
  changeSource,
  changeTeam,
  claimJob,
  claimWorkItem,
  closeLead,
  closeWorkItem,
  completeReceipt,
  completeReplay,
  completeWorkItem,
  createProject,
  declineLead,
  describePerson,
  disableEndpoint,
  discardWork: discardDeadLetter,
  enableEndpoint,
  discardReject,
  dropReject,
  endSession,
  endSessions,
  escalateWorkItem,
  failJob,
  failRouting,
  finishWork: finishDeadLetter,
  forgetDelivery,
  forgetToken,
  freePlace,
  inviteAddress,
  inviteMember,
  issueKey,
  keepReject,
  keyRequest,
  lapseWorkItem,
  linkIdentifier,
  mergeLead,
  mindResponse,
  movePlace,
  openWorkItem,
  parkWork: addDeadLetter,
  placeByHand,
  placeLead,
  progressJob,
  publishReplyPolicy,
  publishRoutingRules,
  publishScoringModel,
  raiseWorkItem,
  recordActivities,
  recordAttempt,
  refreshSession,
  refuseReplay,
  registerAddress,
  rejectWorkItem,
  releaseWorkItem,
  removeEndpoint,
  removeEndpointSecret,
  removeKeySecret,
  removeMember,
  removeSource,
  removeSourceSecret,
  reopenLead,
  requestApproval,
  requestDelivery,
  requestJob,
  requestMail,
  requestRouting,
  rescoreLead,
  resetPassword,
  retryJob,
  retryWork: retryDeadLetter,
  revokeKey,
  rotateEndpointSecret,
  rotateKey,
  rotateSourceSecret,
  settleMail,
  startSession,
  takeInvitation,
  unassignLead,
  verifyAddress,
  withdrawLead,
} as const;
