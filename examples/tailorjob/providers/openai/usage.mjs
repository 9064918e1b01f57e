/**
 * The tokens that each operation reports, whatever the request says, so that totals can be known beforehand. `cached` is a part of
 * `input`, `reasoning` a part of `output`.
 */
export const USAGE = {
  /** Chat completions that must answer in JSON: reading a CV. */
  parse: { input: 6000, cached: 0, output: 1350, reasoning: 400 },
  /** All other chat completions: matching. */
  match: { input: 9000, cached: 4096, output: 2200, reasoning: 900 },
  /** Responses: tailoring. */
  tailor: { input: 8000, cached: 3072, output: 3600, reasoning: 1200 },
  /** Embeddings, for each text. */
  embedding: { input: 8 },
  /** An image. */
  image: { input: 40, output: 1056 },
};

/** Words in a request that make the provider answer otherwise than well. */
export const MARKERS = {
  /** The model reads nothing in a CV with this word, and answers in prose. */
  unreadable: 'corrupt',
  /** 500, every time. */
  outage: 'outage',
  /** 500 at the first attempt, well at the SDK's second. */
  flaky: 'flaky',
  /** The stream stops half-way and stays open until the client leaves. */
  endless: 'endless',
  /** 400: the content is not allowed. */
  forbidden: 'forbidden',
};

/** Models that answer 429 every time. */
export const RATE_LIMITED_MODELS = ['gpt-5-pro'];

/** The key that answers 401. */
export const REVOKED_KEY = 'sk-revoked';
