/** Client call durations and chunk times in seconds (semantic conventions for generative AI, explicit bucket advice). */
export const callSeconds = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92] as const;

/** Server request durations in seconds (semantic conventions for HTTP, explicit bucket advice). */
export const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] as const;

/** Body sizes in bytes, from an empty body to an uploaded document or picture. */
export const bodyBytes = [0, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000] as const;

/** Run times of jobs in seconds: background work with AI calls takes from milliseconds to half an hour. */
export const jobSeconds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800] as const;

/** Waiting times of jobs in seconds; wider than run times, so that a blip does not read as an outage. */
export const waitSeconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800] as const;

/** Time from a payment event to its delivery in seconds, up to three days of retries. */
export const lagSeconds = [0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400, 259_200] as const;

/** Feature uses in seconds: from a cached answer to a parse that runs through a queue. */
export const featureSeconds = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600] as const;

/** Pauses of the garbage collector in seconds (semantic conventions for V8). */
export const pauseSeconds = [0.01, 0.1, 1, 10] as const;
