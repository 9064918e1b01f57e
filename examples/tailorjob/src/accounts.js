import { createHmac, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { RequestError } from './errors.js';

const derive = /** @type {(password: string, salt: Buffer, length: number) => Promise<Buffer>} */ (promisify(scrypt));

/**
 * @typedef {object} Account
 * @property {string} id
 * @property {string} email
 * @property {'password' | 'google'} method
 * @property {{ salt: Buffer, hash: Buffer } | undefined} password
 * @property {string} plan
 * @property {string | undefined} customer The customer at Stripe, from the first checkout on.
 * @property {Entry[]} payments
 * @property {Entry[]} refunds
 * @property {Entry[]} disputes
 * @property {number} failedPayments
 *
 * @typedef {{ amount: number, currency: string }} Entry In minor units, as Stripe has it.
 */

/** The accounts, in memory, and the tokens that stand for them. */
export class Accounts {
  /** @type {Map<string, Account>} */
  #byEmail = new Map();
  /** @type {Map<string, Account>} */
  #byId = new Map();
  #secret;

  /** @param {string} secret Signs the tokens. */
  constructor(secret) {
    this.#secret = secret;
  }

  /**
   * @param {string} email
   * @param {string | undefined} password Absent when Google vouches for the address.
   * @throws {RequestError} 409 when there is such an account.
   */
  async signUp(email, password) {
    const hashed = password === undefined ? undefined : await hash(password);
    if (this.#byEmail.has(email)) throw new RequestError(409, 'this address has an account');
    const account = newAccount(`user-${this.#byId.size + 1}`, email, hashed);
    this.#byEmail.set(email, account);
    this.#byId.set(account.id, account);
    return account;
  }

  /**
   * @param {string} email
   * @param {string | undefined} password Absent when Google vouches for the address.
   * @throws {RequestError} 401 unless the account exists, was made this way, and the password is right.
   */
  async logIn(email, password) {
    const account = this.#byEmail.get(email);
    const known = account?.password;
    const right = password === undefined ? account?.method === 'google' : known !== undefined && (await matches(password, known));
    if (!account || !right) throw new RequestError(401, 'wrong address or password');
    return account;
  }

  /** @param {Account} account */
  token({ id }) {
    return `${id}.${createHmac('sha256', this.#secret).update(id).digest('base64url')}`;
  }

  /**
   * Whose request it is; afterwards `request.user.id` says so too.
   *
   * @param {import('express').Request<any>} request
   * @returns {Account}
   * @throws {RequestError} 401 without a valid token.
   */
  signedIn(request) {
    const token = request.get('authorization')?.replace(/^Bearer /, '') ?? '';
    const account = this.#byId.get(token.split('.')[0] ?? '');
    if (!account || !equal(Buffer.from(token), Buffer.from(this.token(account)))) throw new RequestError(401, 'please log in');
    Object.assign(request, { user: { id: account.id } });
    return account;
  }

  /** @param {string | null | undefined} id */
  find(id) {
    return this.#byId.get(id ?? '');
  }

  /** @param {string} customer */
  findByCustomer(customer) {
    return [...this.#byId.values()].find((account) => account.customer === customer);
  }
}

/**
 * @param {string} id
 * @param {string} email
 * @param {Account['password']} password
 * @returns {Account}
 */
function newAccount(id, email, password) {
  return {
    id,
    email,
    method: password ? 'password' : 'google',
    password,
    plan: 'free',
    customer: undefined,
    payments: [],
    refunds: [],
    disputes: [],
    failedPayments: 0,
  };
}

/** @param {string} password */
async function hash(password) {
  const salt = randomBytes(16);
  return { salt, hash: await derive(password, salt, 32) };
}

/**
 * @param {string} password
 * @param {{ salt: Buffer, hash: Buffer }} known
 */
async function matches(password, known) {
  return equal(await derive(password, known.salt, 32), known.hash);
}

/**
 * @param {Buffer} one
 * @param {Buffer} other
 */
function equal(one, other) {
  return one.length === other.length && timingSafeEqual(one, other);
}
