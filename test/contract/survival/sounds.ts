/** Every sound of the shipped flows, as tones of 425 Hz: name → milliseconds. */
export const FLOW_SOUNDS: Readonly<Record<string, number>> = {
  'ivr/welcome': 3_000,
  'ivr/operator': 600,
  'moh/calm': 4_000,
  'queue/position': 600,
  'queue/callback-offer': 600,
  'queue/we-call-you': 600,
  'whisper/sales': 400,
  'whisper/support': 400,
  'whisper/operator': 400,
  'whisper/press-1': 400,
  'campaign/safe-harbour': 600,
  sorry: 1_000,
  ...Object.fromEntries([...Array(21).keys(), 30, 40, 50, 60, 70, 80, 90].map(number => [`digits/${number}`, 200])),
  'digits/hundred': 200,
}
