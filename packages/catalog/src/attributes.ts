import type { Attribute } from './define.ts';

/** The value that stands for all values beyond an attribute's bound (semantic conventions, `error.type`). */
export const OTHER = '_OTHER';

const declare = <const A extends Attribute>(attribute: A): A => attribute;

/** Which feature of the product caused this: named in configuration or code, else the job, else the route. */
export const feature = declare({
  description: 'Feature of the product that caused this: named in configuration or code, else the job, else the route.',
  cap: 200,
});

/** A class or a code, never a message. */
export const errorType = declare({ description: 'Class or code of the error, never its message.', cap: 50 });

/** What kind of AI call. */
export const operationName = declare({
  description: 'Kind of call.',
  values: [
    'chat',
    'generate_content',
    'text_completion',
    'embeddings',
    'image_generation',
    'transcription',
    'translation',
    'speech',
    'video_generation',
    'moderation',
    'rerank',
    'ocr',
    '_OTHER',
  ],
});

/** Who served an AI call. */
export const providerName = declare({ description: 'Who served the call, from the SDK and its base URL.', cap: 50 });

/** The model that the application asked for. */
export const requestModel = declare({ description: 'Model that the application asked for.', cap: 100 });

/** The model that answered. */
export const responseModel = declare({ description: 'Model that answered.', cap: 100 });

/** Host of the API that was called. */
export const serverAddress = declare({ description: 'Host of the API.', cap: 50 });

/** Modality of tokens; `unknown` where the provider gives no breakdown. */
export const modality = declare({
  description: 'Modality of the tokens; unknown where the provider gives no breakdown.',
  values: ['text', 'audio', 'image', 'unknown'],
});

/** How an AI call ended. */
export const callOutcome = declare({ description: 'How the call ended; aborted by the application is no error.', values: ['ok', 'error', 'aborted'] });

/** What a part of the cost is for. */
export const costComponent = declare({
  description: 'What the cost is for; total alone where only a total is known, so that the sum over components is the cost.',
  values: ['input', 'output', 'cache_read', 'cache_write', 'tool', 'request', 'total'],
});

/** Where a cost comes from. */
export const costSource = declare({
  description: "Reported by the provider, from the user's price file, or from the price table.",
  values: ['provider', 'user', 'table'],
});

/** The payment provider that sends a webhook. */
export const webhookProvider = declare({ description: 'Payment provider that sent the delivery.', cap: 30 });

/** Event type of a verified delivery; `_unverified` otherwise. */
export const eventType = declare({
  description: 'Event type of the delivery; `_unverified` unless its signature was verified or the handler accepted it.',
  cap: 300,
});

/** How the application answered a delivery. */
export const deliveryOutcome = declare({
  description: "From the response's status: 2xx, 4xx, 5xx, or closed before an answer.",
  values: ['accepted', 'rejected', 'failed', 'aborted'],
});

/** How sure it is that the provider sent a delivery. */
export const verification = declare({
  description:
    "Proof that the provider sent it: the SDK's check passed, the provider's API confirmed it, the handler accepted or rejected it, or nothing is known.",
  values: ['sdk', 'provider_api', 'accepted', 'rejected', 'unknown'],
});

/** Why a signature check failed. */
export const verificationReason = declare({
  description: 'Why the check failed.',
  values: ['missing_header', 'malformed', 'mismatch', 'parsed_body', 'timestamp', 'no_secret', 'other'],
});

/** Who took a payment. */
export const paymentProvider = declare({ description: 'Payment provider.', cap: 30 });

/** How a payment was made. */
export const paymentMethod = declare({ description: 'Method of the payment, such as card.', cap: 50 });

/** What was bought. */
export const plan = declare({ description: 'Plan that was bought, as configured or as the provider names it.', cap: 100 });

/** ISO 4217 code in lower case. */
export const currency = declare({ description: 'ISO 4217 code in lower case.', cap: 200 });

/** What happened to a subscription. */
export const subscriptionChange = declare({
  description: 'What happened to the subscription.',
  values: ['created', 'activated', 'renewed', 'updated', 'paused', 'resumed', 'past_due', 'cancelled', 'expired', 'trial_ending'],
});

/** Name of a queue. */
export const queueName = declare({ description: 'Name of the queue.', cap: 200 });

/** Library that runs a queue. */
export const queueSystem = declare({ description: 'Library that runs the queue.', cap: 20 });

/** Name of a kind of job. */
export const jobType = declare({ description: 'Name of the kind of job; digits and ids in it are replaced.', cap: 50, per: 'queue.name' });

/** How one attempt of a job ended. */
export const jobOutcome = declare({
  description: 'How the attempt ended: flow control (delayed, rate limited, waiting for children) is no failure.',
  values: ['ok', 'error', 'retry', 'delayed', 'rate_limited', 'waiting', 'waiting_children'],
});

/** State of the jobs that a depth counts. */
export const jobState = declare({
  description: 'State of the jobs.',
  values: ['waiting', 'active', 'delayed', 'prioritized', 'waiting_children', 'paused', 'failed', 'completed', 'blocked'],
});

/** HTTP request method; what is not a known method is `_OTHER`. */
export const requestMethod = declare({
  description: 'HTTP request method; unknown ones are _OTHER.',
  values: ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE', '_OTHER'],
});

/** http or https. */
export const urlScheme = declare({ description: 'http or https.', values: ['http', 'https'] });

/** Status code of a response; absent when the connection closed before one. */
export const statusCode = declare({ description: 'Status code of the response; absent when the connection closed before one.', type: 'int', cap: 100 });

/** The matched route's template, never the path. */
export const route = declare({ description: "The matched route's template, never the path.", cap: 500 });

/** Version of the HTTP protocol. */
export const protocolVersion = declare({ description: 'Version of HTTP.', cap: 10 });

/** How a use of a feature ended. */
export const useOutcome = declare({ description: 'How the use ended.', values: ['ok', 'error'] });

/** Version of a feature from configuration. */
export const featureVersion = declare({ description: 'Version of the feature, from configuration.', cap: 50 });

/** What was generated. */
export const generationType = declare({ description: 'What was generated: text, image, embedding, or a name from configuration.', cap: 50 });

/** Model of spent tokens. */
export const model = declare({ description: 'Model.', cap: 100 });

/** What tokens were spent on. */
export const tokenType = declare({ description: 'Disjoint kinds: input, output, embedding, image (1 an image), completion; others by hand.', cap: 20 });

/** Length of a time window. */
export const window = declare({ description: 'Length of the window that ends now.', values: ['5m', '1h', '24h'] });

/** How a user signed up or logged in. */
export const method = declare({ description: 'How the user signed up or logged in.', cap: 20 });

/** An adapter of Tallyman. */
export const adapter = declare({ description: 'Adapter.', cap: 50 });

/** Version of an instrumented package. */
export const packageVersion = declare({ description: 'Version of the package.', cap: 100 });

/** Result of patching a package. */
export const patchOutcome = declare({ description: 'ok, a version outside the supported range, or failed.', values: ['ok', 'unsupported', 'failed'] });
