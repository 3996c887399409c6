namespace ExecutionManager.Worker;

/// <summary>Verbs and switches, taken off the command line before .NET's configuration sees the rest.</summary>
public sealed record CommandLine(string? Verb, bool Demo, TimeSpan? For, IReadOnlyList<string> With, string[] Rest, IReadOnlyList<string> Faults)
{
    public const string Usage = """
        usage: worker [migrate | topology] [--demo [--for 60s]] [--with policy,planner,equator,scheduler] [--urls URL] [--Section:Key=value …]

          (nothing)   run, with an embedded database and broker unless configured otherwise
          migrate     bring the database to this version's schema and end
          topology    declare the exchanges and queues on RabbitMQ without consuming, and end
          --demo      simulated devices and neighbours around an embedded worker
          --for       how long the demo runs at most: 60s, 2m, or a .NET duration
          --with      reference neighbours in this worker: policy, planner, equator, scheduler
        """;

    private static readonly string[] Neighbours = ["policy", "planner", "equator", "scheduler"];

    public static CommandLine Parse(string[] args)
    {
        var (verb, demo, time, with) = ((string?)null, false, (TimeSpan?)null, new List<string>());
        var (rest, faults) = (new List<string>(), new List<string>());
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = Split(args[i]);
            switch (name)
            {
                case "--demo":
                    demo = true;
                    break;
                case "--for":
                    value ??= i + 1 < args.Length ? args[++i] : null;
                    time = ReadTime(value);
                    if (time is null)
                    {
                        faults.Add($"--for: '{value}' is not a time such as 60s, 2m or 00:01:00");
                    }

                    break;
                case "--with":
                    value ??= i + 1 < args.Length ? args[++i] : null;
                    with.AddRange((value ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
                    break;
                case "--help" or "-h" or "help":
                    verb = "help";
                    break;
                case "migrate" or "topology":
                    if (verb is not null and not "help" && verb != name)
                    {
                        faults.Add($"'{verb}' and '{name}': one verb at a time");
                    }

                    verb = name;
                    break;
                default:
                    if (!name.StartsWith("--", StringComparison.Ordinal) && (i == 0 || !args[i - 1].StartsWith("--", StringComparison.Ordinal)))
                    {
                        faults.Add($"'{args[i]}' is no verb");
                    }

                    rest.Add(args[i]);
                    break;
            }
        }

        faults.AddRange(with.Except(Neighbours).Select(name => $"--with: there is no neighbour '{name}' (policy, planner, equator, scheduler)"));
        if (time is not null && !demo)
        {
            faults.Add("--for: only with --demo");
        }

        return new CommandLine(verb, demo, time, with, [.. rest], faults);
    }

    private static (string Name, string? Value) Split(string arg)
    {
        var at = arg.IndexOf('=', StringComparison.Ordinal);
        return at > 0 && arg.StartsWith("--", StringComparison.Ordinal) ? (arg[..at], arg[(at + 1)..]) : (arg, null);
    }

    private static TimeSpan? ReadTime(string? text)
    {
        if (text is { Length: > 1 } && double.TryParse(text[..^1], System.Globalization.CultureInfo.InvariantCulture, out var number) && number > 0 && number < 100_000)
        {
            return text[^1] switch
            {
                's' => TimeSpan.FromSeconds(number),
                'm' => TimeSpan.FromMinutes(number),
                'h' => TimeSpan.FromHours(number),
                _ => null,
            };
        }

        return TimeSpan.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var span) && span > TimeSpan.Zero ? span : null;
    }
}
