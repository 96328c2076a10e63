/** The normal and the log-normal law, as pacing needs them. */

/** P(Z ≤ x) of a standard normal Z; error below 1e-7 (Abramowitz and Stegun, 26.2.17). */
export function normalCdf(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const tail =
    normalDensity(x) * t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  return x > 0 ? 1 - tail : tail
}

export const normalDensity = (x: number): number => 0.3989422804014327 * Math.exp((-x * x) / 2)

/** P(X ≤ x) of a log-normal X; `cv` is its standard deviation divided by its mean. */
export function logNormalCdf(x: number, mean: number, cv: number): number {
  if (x <= 0) return 0
  const variance = Math.log(1 + cv * cv)
  return normalCdf((Math.log(x / mean) + variance / 2) / Math.sqrt(variance))
}
