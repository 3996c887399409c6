using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Npgsql;

namespace ExecutionManager.Bench;

/// <summary>
/// One durable transition with one outgoing message on RabbitMQ, 16 at a time: against the same machine with MassTransit's
/// in-memory saga repository on the same broker, and against pgbench with the same statements, round trips and clients.
/// </summary>
internal static class Transitions
{
    private const int MaxWarmUps = 6;
    private const double IsWarm = 0.1;

    public static async Task<int> Run(string[] args, TextWriter output)
    {
        var rounds = Number(args, "--rounds", 5);
        var messages = Number(args, "--messages", 4000);
        await using var servers = await BenchServers.Start();
        var database = new NpgsqlConnectionStringBuilder(servers.Postgres) { Database = "bench" };
        await using (var server = NpgsqlDataSource.Create(servers.Postgres))
        await using (var create = server.CreateCommand("CREATE DATABASE bench"))
        {
            await create.ExecuteNonQueryAsync();
        }

        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using (var extend = source.CreateCommand("CREATE EXTENSION pg_stat_statements"))
        {
            await extend.ExecuteNonQueryAsync();
        }

        var pgbench = new Pgbench(database, source);
        await using var memory = await Contestant.Create(await servers.VirtualHost("memory"), null);
        await using var durable = await Contestant.Create(await servers.VirtualHost("durable"), database.ConnectionString);
        await memory.Fill();
        await durable.Fill();

        var report = new StringBuilder(await Machine(source));
        report.AppendLine(CultureInfo.InvariantCulture, $"{messages} messages a round to {Contestant.Sagas} sagas, {CounterDefinition.Concurrency} at a time.");
        report.AppendLine(CultureInfo.InvariantCulture, $"Warm is a round within {IsWarm:P0} of the one before it, after at most {MaxWarmUps}; rounds take turns.");
        report.AppendLine(await WarmUp("in memory", () => memory.Round(messages), output));
        report.AppendLine(await WarmUp("durable", () => durable.Round(messages), output));
        await output.WriteLineAsync(report);

        report.AppendLine().AppendLine("| round | in memory /s | durable /s | pgbench /s | durable ÷ in memory | durable ÷ pgbench |").AppendLine("|---|---|---|---|---|---|");
        var results = new List<(double Memory, double Durable, double Pgbench)>();
        IReadOnlyList<(string, long, long)> ofDurable = [], ofPgbench = [];
        for (var round = 1; round <= rounds; round++)
        {
            var inMemory = await memory.Round(messages);
            await pgbench.Clear();
            var inDatabase = await durable.Round(messages);
            ofDurable = await pgbench.Asked();
            await pgbench.Clear();
            var bare = await pgbench.Round(Batch(ofDurable), durable.OutgoingBytes);
            ofPgbench = await pgbench.Asked();
            results.Add((inMemory, inDatabase, bare));
            Row(report, round.ToString(CultureInfo.InvariantCulture), results[^1]);
            await output.WriteLineAsync($"round {round}: in memory {inMemory:F0}/s, durable {inDatabase:F0}/s, pgbench {bare:F0}/s");
        }

        Row(report, "median", (Median(results.Select(one => one.Memory)), Median(results.Select(one => one.Durable)), Median(results.Select(one => one.Pgbench))));
        report.AppendLine().AppendLine(CultureInfo.InvariantCulture,
            $"Median of the ratios: durable ÷ in memory {Median(results.Select(one => one.Durable / one.Memory)):P0}, durable ÷ pgbench {Median(results.Select(one => one.Durable / one.Pgbench)):P0}.");
        Statements(report, "durable", ofDurable, messages);
        Statements(report, "pgbench", ofPgbench, ofPgbench.First(one => one.Item1.StartsWith("UPDATE \"Counters\"", StringComparison.Ordinal)).Item2);
        await output.WriteLineAsync(report);
        if (args.Contains("--save"))
        {
            var date = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            var file = Path.Combine(Directory.CreateDirectory(Path.Combine(BenchServers.Root, "bench", "results")).FullName, $"{date}-transitions.md");
            await File.WriteAllTextAsync(file, $"# Durable transitions, {date}\n\n{report}");
        }

        return 0;
    }

    private static async Task<string> WarmUp(string name, Func<Task<double>> round, TextWriter output)
    {
        var rates = new List<double>();
        do
        {
            rates.Add(await round());
            await output.WriteLineAsync($"warm-up {name}: {rates[^1]:F0}/s");
        }
        while (rates.Count < MaxWarmUps && (rates.Count < 2 || Math.Abs(rates[^1] / rates[^2] - 1) > IsWarm));
        return $"Warm-up {name}: {string.Join(", ", rates.Select(rate => rate.ToString("F0", CultureInfo.InvariantCulture)))} /s";
    }

    // The relay deletes once a batch.
    private static int Batch(IReadOnlyList<(string Statement, long Calls, long Rows)> asked)
    {
        var deleted = asked.Where(one => one.Statement.StartsWith("DELETE FROM \"Outbox\"", StringComparison.Ordinal)).ToList();
        return Math.Max(1, (int)(deleted.Sum(one => one.Rows) / deleted.Sum(one => one.Calls)));
    }

    private static void Statements(StringBuilder report, string who, IReadOnlyList<(string Statement, long Calls, long)> asked, long transitions)
    {
        report.AppendLine().AppendLine(CultureInfo.InvariantCulture, $"Statements of {who} for each transition (pg_stat_statements, last round):").AppendLine().AppendLine("```");
        foreach (var (statement, calls, _) in asked)
        {
            report.AppendLine(CultureInfo.InvariantCulture, $"{calls / (double)transitions,5:F2}  {(statement.Length > 110 ? $"{statement[..110]}…" : statement)}");
        }

        report.AppendLine("```");
    }

    private static void Row(StringBuilder report, string name, (double Memory, double Durable, double Pgbench) rates) => report.AppendLine(
        CultureInfo.InvariantCulture,
        $"| {name} | {rates.Memory:F0} | {rates.Durable:F0} | {rates.Pgbench:F0} | {rates.Durable / rates.Memory:P0} | {rates.Durable / rates.Pgbench:P0} |");

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return (sorted[sorted.Count / 2] + sorted[(sorted.Count - 1) / 2]) / 2;
    }

    private static async Task<string> Machine(NpgsqlDataSource source)
    {
        await using var version = source.CreateCommand("SELECT split_part(version(), ' on ', 1) || ', synchronous_commit=' || current_setting('synchronous_commit')");
        var cpu = (await File.ReadAllLinesAsync("/proc/cpuinfo")).FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim();
        var load = (await File.ReadAllTextAsync("/proc/loadavg")).Split(' ')[0];
        return $"{cpu}, {Environment.ProcessorCount} cores, load {load} before the start; {RuntimeInformation.OSDescription}; {RuntimeInformation.FrameworkDescription}; {await version.ExecuteScalarAsync()}\n\n";
    }

    private static int Number(string[] args, string name, int otherwise) =>
        Array.IndexOf(args, name) is var at && at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}
