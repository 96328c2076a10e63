/**
 * Preview: one lead for each free agent to look at; the call is made when the agent agrees. So a lead is wanted for
 * each free agent who has neither a lead on the screen (phase `preview`) nor a call under way.
 */
import { progressive } from './progressive.ts'
import type { Pacer } from './pacer.ts'

/** The numbers are those of progressive; howMany counts leads to show, not calls to dial. */
export const preview: Pacer = progressive
