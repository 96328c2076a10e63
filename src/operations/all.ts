/** The list of all operations. Each door offers every one of them. */
import agentAdd from './agent/add.ts'
import agentList from './agent/list.ts'
import agentRemove from './agent/remove.ts'
import agentSet from './agent/set.ts'
import agentShow from './agent/show.ts'
import agentDisposition from './agent/disposition.ts'
import agentLogin from './agent/login.ts'
import { agentBreak, agentOnDemand, agentOut, agentReady } from './agent/status.ts'
import agentWhy from './agent/why.ts'
import agentWrapUp from './agent/wrap-up.ts'
import breakReasonAdd from './break-reason/add.ts'
import breakReasonList from './break-reason/list.ts'
import breakReasonRemove from './break-reason/remove.ts'
import auditList from './audit/list.ts'
import callbackAdd from './callback/add.ts'
import callbackCancel from './callback/cancel.ts'
import callbackList from './callback/list.ts'
import callbackReschedule from './callback/reschedule.ts'
import callDial from './call/dial.ts'
import callHangup from './call/hangup.ts'
import callList from './call/list.ts'
import callTransfer from './call/transfer.ts'
import callWhy from './call/why.ts'
import campaignAdd from './campaign/add.ts'
import campaignAnswers from './campaign/answers.ts'
import campaignCreate from './campaign/create.ts'
import campaignExport from './campaign/export.ts'
import campaignCompliance from './campaign/compliance.ts'
import campaignDetection from './campaign/detection.ts'
import campaignEvidence from './campaign/evidence.ts'
import campaignLeads from './campaign/leads.ts'
import campaignList from './campaign/list.ts'
import campaignRemove from './campaign/remove.ts'
import campaignSet from './campaign/set.ts'
import campaignShow from './campaign/show.ts'
import campaignStatus from './campaign/status.ts'
import campaignWhy from './campaign/why.ts'
import { campaignPause, campaignStart, campaignStop } from './campaign/state.ts'
import gatewayAdd from './gateway/add.ts'
import gatewayList from './gateway/list.ts'
import gatewayRemove from './gateway/remove.ts'
import gatewaySet from './gateway/set.ts'
import gatewayShow from './gateway/show.ts'
import type { Operation } from './operation.ts'
import { recordingPause, recordingResume } from './recording/mask.ts'
import { talkHold, talkUnhold } from './talk/hold.ts'
import dncAdd from './dnc/add.ts'
import dncImport from './dnc/import.ts'
import dncList from './dnc/list.ts'
import dncRemove from './dnc/remove.ts'
import holidayImport from './holiday/import.ts'
import holidayList from './holiday/list.ts'
import holidayRemove from './holiday/remove.ts'
import leadWhy from './lead/why.ts'
import dispositionAdd from './disposition/add.ts'
import dispositionList from './disposition/list.ts'
import dispositionRemove from './disposition/remove.ts'
import eventList from './event/list.ts'
import floorShow from './floor/show.ts'
import figuresAgent from './figures/agent.ts'
import figuresCampaign from './figures/campaign.ts'
import figuresGateway from './figures/gateway.ts'
import figuresQueue from './figures/queue.ts'
import { talkCancel, talkComplete, talkConsult } from './talk/consult.ts'
import talkTakeOver from './talk/take-over.ts'
import talkSupervise from './talk/supervise.ts'
import talkShow from './talk/show.ts'
import { talkInvite, talkRemove } from './talk/conference.ts'
import { talkAdd, talkDrop } from './talk/third-party.ts'
import keyAdd from './key/add.ts'
import keyList from './key/list.ts'
import keyRevoke from './key/revoke.ts'
import leadAdd from './lead/add.ts'
import leadRecycle from './lead/recycle.ts'
import leadRemove from './lead/remove.ts'
import leadUpdate from './lead/update.ts'
import numberAdd from './number/add.ts'
import numberList from './number/list.ts'
import numberRemove from './number/remove.ts'
import personAdd from './person/add.ts'
import personList from './person/list.ts'
import personRemove from './person/remove.ts'
import personReset from './person/reset.ts'
import personSet from './person/set.ts'
import previewCall from './preview/call.ts'
import previewList from './preview/list.ts'
import previewShow from './preview/show.ts'
import previewSkip from './preview/skip.ts'
import queueAdd from './queue/add.ts'
import queueCallbacks from './queue/callbacks.ts'
import { queueGive, queueTake } from './queue/give.ts'
import queueImport from './queue/import.ts'
import queueList from './queue/list.ts'
import queuePut from './queue/put.ts'
import queueRemove from './queue/remove.ts'
import queueSet from './queue/set.ts'
import queueShow from './queue/show.ts'

/** In the order of --help. */ import webhookAdd from './webhook/add.ts'
import webhookDeliveries from './webhook/deliveries.ts'
import webhookList from './webhook/list.ts'
import webhookRedeliver from './webhook/redeliver.ts'
import webhookRemove from './webhook/remove.ts'
import webhookReplay from './webhook/replay.ts'
import webhookRotate from './webhook/rotate.ts'
import webhookSet from './webhook/set.ts'
import webhookShow from './webhook/show.ts'

export const OPERATIONS: readonly Operation[] = [
  campaignAdd,
  campaignCreate,
  campaignSet,
  campaignStart,
  campaignPause,
  campaignStop,
  campaignRemove,
  campaignLeads,
  campaignExport,
  campaignList,
  campaignShow,
  campaignStatus,
  leadAdd,
  leadUpdate,
  leadRemove,
  leadRecycle,
  dncAdd,
  dncRemove,
  dncList,
  dncImport,
  holidayImport,
  holidayRemove,
  holidayList,
  campaignCompliance,
  campaignEvidence,
  campaignDetection,
  campaignAnswers,
  dispositionAdd,
  dispositionList,
  dispositionRemove,
  gatewayAdd,
  gatewaySet,
  gatewayList,
  gatewayShow,
  gatewayRemove,
  agentAdd,
  agentSet,
  agentList,
  agentShow,
  agentLogin,
  agentReady,
  agentOnDemand,
  agentBreak,
  agentOut,
  agentWrapUp,
  agentDisposition,
  agentRemove,
  previewShow,
  previewList,
  previewCall,
  previewSkip,
  breakReasonAdd,
  breakReasonList,
  breakReasonRemove,
  queueAdd,
  queueSet,
  queueList,
  queueShow,
  queueGive,
  queueTake,
  queuePut,
  queueCallbacks,
  queueRemove,
  callbackAdd,
  callbackReschedule,
  callbackCancel,
  callbackList,
  numberAdd,
  numberList,
  numberRemove,
  queueImport,
  callDial,
  callHangup,
  callTransfer,
  callList,
  callWhy,
  agentWhy, // after call.why: `why agent`, `why campaign` and `why lead` are commands within `why`
  campaignWhy,
  leadWhy,
  talkHold,
  talkUnhold,
  figuresQueue,
  figuresAgent,
  figuresCampaign,
  figuresGateway,
  talkConsult,
  talkComplete,
  talkCancel,
  talkSupervise,
  talkTakeOver,
  talkAdd,
  talkDrop,
  talkShow,
  talkInvite,
  talkRemove,
  recordingPause,
  recordingResume,
  floorShow,
  eventList,
  webhookAdd,
  webhookSet,
  webhookRotate,
  webhookRemove,
  webhookList,
  webhookShow,
  webhookDeliveries,
  webhookRedeliver,
  webhookReplay,
  personAdd,
  personSet,
  personReset,
  personRemove,
  personList,
  keyAdd,
  keyList,
  keyRevoke,
  auditList,
]
