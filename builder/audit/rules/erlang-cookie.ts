import { entryRule } from '../rule.ts';

/** Erlang's reference manual, "Distributed Erlang": the cookie is a shared secret that gives full control. */
export const erlangCookie = entryRule(
  {
    name: 'erlang-cookie',
    title: 'There is no Erlang cookie',
    remedy: 'Remove it: RabbitMQ makes one when it first starts.',
    contained: true,
  },
  ({ path }) => (path.endsWith('/.erlang.cookie') ? 'is an Erlang cookie: whoever has the image controls every unit' : undefined),
);
