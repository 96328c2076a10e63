/** 0.024 → '2.4 %'; null (the rate of an empty set) → '–'. */
export const percent = (rate: number | null): string => (rate === null ? '–' : `${(rate * 100).toFixed(1)} %`)
