/** All applications that the simulation knows, by name. As in FreeSWITCH, an unknown application hangs the call up. */
import { basics } from './basics.ts'
import { bridgeApplications } from './bridge.ts'
import { conferenceApplications } from '../conference.ts'
import { detection } from './detect.ts'
import { digitApplications } from './digits.ts'
import { eavesdropApplications } from './eavesdrop.ts'
import { playbackApplications } from './playback.ts'
import { recordApplications } from './record.ts'
import { scheduleApplications } from './schedule.ts'
import { socket } from './socket.ts'
import { toneApplications } from './tones.ts'
import { variableApplications } from './variables.ts'
import type { Application } from './application.ts'

export const APPLICATIONS: ReadonlyMap<string, Application> = new Map<string, Application>(
  Object.entries({
    ...basics,
    ...bridgeApplications,
    ...conferenceApplications,
    ...detection,
    ...digitApplications,
    ...eavesdropApplications,
    ...playbackApplications,
    ...recordApplications,
    ...scheduleApplications,
    ...toneApplications,
    ...variableApplications,
    socket,
  }),
)
