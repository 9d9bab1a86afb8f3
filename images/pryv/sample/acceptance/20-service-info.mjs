import { ask, domain, must } from './lib.mjs';

const { code, text } = await ask(`reg.${domain}`, '/service/info');
must('the register answers', code === 200);
must('it names itself', JSON.parse(text).register === `https://reg.${domain}/`);
must('no variable is left', !/[A-Z]+_[A-Z_]+|DOMAIN/.test(text));
