/** An error that is the caller's: its status and message are the answer. */
export class RequestError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.name = 'RequestError';
    this.status = status;
  }
}

/** The model could make nothing of a CV. */
export class UnreadableCvError extends Error {
  constructor() {
    super('the CV cannot be read');
    this.name = 'UnreadableCvError';
  }
}

/**
 * The body's text field of that name.
 *
 * @param {unknown} body
 * @param {string} field
 * @returns {string}
 * @throws {RequestError} 400 when it is missing, empty or no text.
 */
export function requireText(body, field) {
  const value = /** @type {Record<string, unknown> | undefined} */ (body)?.[field];
  if (typeof value !== 'string' || value === '') throw new RequestError(400, `${field} is missing`);
  return value;
}
