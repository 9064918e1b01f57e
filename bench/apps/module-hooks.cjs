// Hooks modules as whatever measures ES modules has to, and does nothing with them.
require('node:module').registerHooks({ resolve: (specifier, context, next) => next(specifier, context) });
