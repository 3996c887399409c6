using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace ExecutionManager.Bench;

/// <summary>The same statements without us: bench/transition.sql, and bench/relay.sql as often as the relay has a batch.</summary>
internal sealed partial class Pgbench(NpgsqlConnectionStringBuilder database, NpgsqlDataSource source)
{
    private static readonly string Program = Path.Combine(
        Directory.GetDirectories("/usr/lib/postgresql").OrderBy(path => int.Parse(Path.GetFileName(path), CultureInfo.InvariantCulture)).Last(), "bin", "pgbench");

    /// <summary>Transitions a second.</summary>
    /// <param name="batch">Outgoing messages the relay took at once, on average.</param>
    /// <param name="body">Bytes of one.</param>
    public async Task<double> Round(int batch, int body)
    {
        var said = await BenchServers.Run(
            Program, "-n", "-M", "extended", "-h", database.Host!, "-p", database.Port.ToString(CultureInfo.InvariantCulture), "-U", database.Username!,
            "-c", CounterDefinition.Concurrency.ToString(CultureInfo.InvariantCulture), "-j", "2", "-T", "8", "-D", $"body={body}",
            "-f", $"{BenchServers.Root}/bench/transition.sql@{batch}", "-f", $"{BenchServers.Root}/bench/relay.sql@1", database.Database!);
        return double.Parse(FirstScript().Match(said).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    public async Task Clear()
    {
        await using var clear = source.CreateCommand("""TRUNCATE "Inbox", "Outbox"; SELECT pg_stat_statements_reset()""");
        await clear.ExecuteNonQueryAsync();
    }

    /// <summary>What was asked since it was cleared, most often first.</summary>
    public async Task<IReadOnlyList<(string Statement, long Calls, long Rows)>> Asked()
    {
        await using var ask = source.CreateCommand("""
            SELECT regexp_replace(query, '\s+', ' ', 'g'), sum(calls)::bigint, sum(rows)::bigint FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid
            WHERE d.datname = current_database() AND calls > 10 GROUP BY 1 ORDER BY 2 DESC, 1
            """);
        await using var reader = await ask.ExecuteReaderAsync();
        var asked = new List<(string, long, long)>();
        while (await reader.ReadAsync())
        {
            asked.Add((reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2)));
        }

        return asked;
    }

    [GeneratedRegex(@"SQL script 1: .*?tps = ([0-9.]+)", RegexOptions.Singleline)]
    private static partial Regex FirstScript();
}
