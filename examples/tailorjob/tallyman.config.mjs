/** What Tallyman is told of this application; the application itself knows nothing of it. */
export default {
  features: {
    cv_parse: { routes: ['POST /api/cv/upload'], jobs: ['cv-queue'] },
    job_match: { routes: ['POST /api/match/:id'], version: 'v5.1' },
    cv_tailor: { routes: ['POST /api/tailor/:id'] },
    image_generation: { jobs: ['image-generation'] },
    search: { routes: ['POST /api/search'] },
  },
  /** @param {{ user?: { id: string } }} request */
  user: (request) => request.user?.id,
  ai: { prices: './prices.json' },
  webhooks: {
    plans: { price_premium_usd: 'premium', price_starter_jpy: 'starter' },
    earns: {
      premium: { job_match: 2, cv_parse: 1 },
      starter: { job_match: 1, cv_tailor: 1 },
    },
  },
  queues: { generations: { 'image-generation': 'image' } },
  http: { ignorePaths: ['/health'] },
};
