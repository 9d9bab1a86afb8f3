import { type DoctorCheck, ok, problem } from './check.ts';

/** Units of systemd that have failed, whosever they are. */
export const failedUnits: DoctorCheck = {
  name: 'failed-units',
  title: { en: 'System units', ja: 'システムユニット', ru: 'Системные единицы' },

  async run({ system }) {
    const { stdout } = await system.run('systemctl', ['list-units', '--state=failed', '--plain', '--no-legend', '--no-pager']);
    const names = stdout.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []);
    if (names.length === 0) return [ok('None has failed.', '失敗したものはありません。', 'Сбоев нет.')];
    return names.map((name) =>
      problem(
        'error',
        { en: `${name} has failed.`, ja: `${name} が失敗しました。`, ru: `Сбой: ${name}.` },
        {
          en: `journalctl -u ${name}; once mended: systemctl restart ${name}`,
          ja: `journalctl -u ${name} で確認し、直したら systemctl restart ${name} を実行してください。`,
          ru: `journalctl -u ${name}; после исправления: systemctl restart ${name}`,
        },
      ),
    );
  },
};
