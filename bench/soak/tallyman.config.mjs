/** What Tallyman is told of the application of the soak. */
export default {
  features: {
    job_match: { routes: ['POST /api/match/:id'] },
    cv_parse: { routes: ['POST /api/cv/upload'], jobs: ['cv-queue'] },
  },
  ai: { prices: './prices.json' },
};
