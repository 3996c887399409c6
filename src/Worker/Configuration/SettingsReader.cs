using System.Globalization;
using ExecutionManager.Adapters;
using ExecutionManager.Neighbours;
using ExecutionManager.Sagas;
using Npgsql;

namespace ExecutionManager.Worker;

/// <summary>Reads the settings and collects every fault with its key, so that one start tells all that is wrong.</summary>
public sealed class SettingsReader(IConfiguration configuration)
{
    private static readonly string[] Sections =
        ["Mqtt", "Connection", "Deadlines", "Projection", "Relay", "Neighbours", "Progress", "Recovery", "Retention", "Auth", "Log"];

    private readonly List<string> faults = [];
    private readonly HashSet<string> known = new(StringComparer.OrdinalIgnoreCase);

    public IReadOnlyList<string> Faults => faults;

    /// <summary>Keys of our own sections that nothing reads.</summary>
    public IReadOnlyList<string> Unknown =>
        [.. Sections.SelectMany(section => Leaves(configuration.GetSection(section))).Where(key => !known.Contains(key))];

    public WorkerSettings Read()
    {
        var contracts = new ContractSettings();
        contracts = new ContractSettings
        {
            Grace = Duration("Connection:Grace", contracts.Grace, TimeSpan.FromMinutes(10), zero: true),
            StaleAfter = configuration["Connection:StaleAfter"] is null ? Known("Connection:StaleAfter") : Duration("Connection:StaleAfter", TimeSpan.FromSeconds(15)),
            Data = Duration("Deadlines:Data", contracts.Data),
            Push = Duration("Deadlines:Push", contracts.Push),
            Accept = Duration("Deadlines:Accept", contracts.Accept),
            Stall = Duration("Deadlines:Stall", contracts.Stall),
            Actuals = Duration("Deadlines:Actuals", contracts.Actuals),
            Replan = Duration("Deadlines:Replan", contracts.Replan),
            Policy = Duration("Deadlines:Policy", contracts.Policy),
            Command = Duration("Deadlines:Command", contracts.Command),
            CatchUp = Duration("Deadlines:CatchUp", contracts.CatchUp),
            MaxHold = Duration("Deadlines:MaxHold", contracts.MaxHold),
            ProgressInterval = Duration("Progress:MinInterval", contracts.ProgressInterval),
            Reassignment = Duration("Deadlines:Reassignment", contracts.Reassignment),
            EscalationReminder = Duration("Deadlines:EscalationReminder", contracts.EscalationReminder),
            AcceptAttempts = Number("Deadlines:AcceptAttempts", contracts.AcceptAttempts, 1, 100),
            PolicyAttempts = Number("Deadlines:PolicyAttempts", contracts.PolicyAttempts, 1, 100),
            MinProbability = Fraction("Projection:MinProbability", contracts.MinProbability),
            Fallback = Enum.Parse<RecoveryFallback>(Choice("Recovery:Fallback", "escalate", "escalate", "hold", "abort"), ignoreCase: true),
        };

        foreach (var key in NeighbourRegistration.Keys)
        {
            known.Add(key);
        }

        foreach (var key in new[] { "Mqtt:Users", "Mqtt:Certificate", "Auth:Authority", "Auth:Keys", "Auth:Audience" })
        {
            known.Add(key);
            if (configuration[key] is { Length: > 0 } value && !value.Equals("false", StringComparison.OrdinalIgnoreCase))
            {
                faults.Add($"{key}: not supported by this version");
            }
        }

        var settings = new WorkerSettings
        {
            DataDirectory = Path.GetFullPath(configuration["DataDirectory"] is { Length: > 0 } directory ? directory : "data"),
            MqttPort = Number("Mqtt:EmbeddedPort", 1883, 1, 65_535),
            Postgres = ReadPostgres(),
            Bus = ReadBus(),
            Mqtt = ReadMqtt(),
            Contracts = contracts,
            RelayMaxAttempts = Number("Relay:MaxAttempts", 10, 1, 1000),
            InboxRetention = Duration("Retention:Inbox", TimeSpan.FromDays(7), TimeSpan.FromDays(3650)),
            TerminalRetention = Duration("Retention:Terminal", TimeSpan.FromDays(30), TimeSpan.FromDays(3650)),
            AllowAnonymous = Boolean("Auth:AllowAnonymous"),
            JsonLogs = Choice("Log:Format", "text", "text", "json") == "json",
            Urls = ReadUrls(),
        };
        // Kestrel's own section would bind beside what is checked here.
        faults.AddRange(configuration.GetSection("Kestrel:Endpoints").GetChildren().Select(endpoint => $"{endpoint.Path}: not supported; addresses are given as urls"));
        if (!settings.AllowAnonymous)
        {
            faults.AddRange(settings.Urls.Where(url => !IsLoopback(url)).Select(url =>
                $"urls: '{url.OriginalString}' is not a loopback address; without authentication only loopback is bound unless Auth:AllowAnonymous=true"));
        }

        return settings;
    }

    // What is wrong is told without the text: there is a password in it.
    private string? ReadPostgres()
    {
        if (configuration.GetConnectionString("Store") is not { Length: > 0 } text)
        {
            return null;
        }

        try
        {
            var connection = new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(connection.Host) || string.IsNullOrEmpty(connection.Database))
            {
                faults.Add("ConnectionStrings:Store: Host and Database are required, as in Host=db;Database=em;Username=em;Password=…");
            }

            return text;
        }
        catch (ArgumentException)
        {
            faults.Add("ConnectionStrings:Store: is no PostgreSQL connection string such as Host=db;Database=em;Username=em;Password=…");
            return null;
        }
    }

    private Uri? ReadBus()
    {
        if (configuration.GetConnectionString("Bus") is not { Length: > 0 } text)
        {
            return null;
        }

        if (Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme is "amqp" or "amqps" && address!.Host.Length > 0)
        {
            return address;
        }

        faults.Add("ConnectionStrings:Bus: is no address such as amqp://user:password@host:5672/vhost or amqps://…");
        return null;
    }

    private MqttAdapterOptions? ReadMqtt()
    {
        var isShared = Boolean("Mqtt:SharedSubscriptions");
        if (configuration.GetConnectionString("Mqtt") is not { Length: > 0 } text)
        {
            if (isShared)
            {
                faults.Add("Mqtt:SharedSubscriptions: needs ConnectionStrings:Mqtt; the embedded broker has one worker and shares nothing");
            }

            return null;
        }

        var options = MqttAdapterOptions.Parse(text);
        if (options is null)
        {
            faults.Add("ConnectionStrings:Mqtt: is no address such as mqtt://user:password@host:1883 or mqtts://…");
        }

        return options is null ? null : options with { SharedSubscriptions = isShared };
    }

    private List<Uri> ReadUrls()
    {
        var urls = new List<Uri>();
        foreach (var text in (configuration["urls"] is { Length: > 0 } given ? given : "http://127.0.0.1:5080").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // Kestrel's wildcards are no host names to Uri.
            var readable = text.Replace("://*", "://0.0.0.0", StringComparison.Ordinal).Replace("://+", "://0.0.0.0", StringComparison.Ordinal);
            if (Uri.TryCreate(readable, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
            {
                urls.Add(url!);
            }
            else
            {
                faults.Add($"urls: '{text}' is not an http address");
            }
        }

        return urls;
    }

    private static bool IsLoopback(Uri url) =>
        url.Host == "localhost" || (System.Net.IPAddress.TryParse(url.Host.Trim('[', ']'), out var address) && System.Net.IPAddress.IsLoopback(address));

    private TimeSpan? Known(string key)
    {
        known.Add(key);
        return null;
    }

    private TimeSpan Duration(string key, TimeSpan fallback, TimeSpan? longest = null, bool zero = false)
    {
        known.Add(key);
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        var max = longest ?? TimeSpan.FromDays(365);
        if (!TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var value))
        {
            faults.Add($"{key}: '{text}' is not a duration such as 00:00:30");
        }
        else if (value < TimeSpan.Zero || (value == TimeSpan.Zero && !zero) || value > max)
        {
            faults.Add($"{key}: '{text}' is outside {(zero ? "0" : "above 0")} to {max}");
        }

        return value;
    }

    private int Number(string key, int fallback, int least, int most)
    {
        known.Add(key);
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (!int.TryParse(text, CultureInfo.InvariantCulture, out var value) || value < least || value > most)
        {
            faults.Add($"{key}: '{text}' is not a whole number from {least} to {most}");
        }

        return value;
    }

    private double Fraction(string key, double fallback)
    {
        known.Add(key);
        var value = fallback;
        if (configuration[key] is { Length: > 0 } text && (!double.TryParse(text, CultureInfo.InvariantCulture, out value) || value is not (> 0 and <= 1)))
        {
            faults.Add($"{key}: '{text}' is not a number above 0 and at most 1 (default {fallback.ToString(CultureInfo.InvariantCulture)})");
        }

        return value;
    }

    private bool Boolean(string key)
    {
        known.Add(key);
        if (configuration[key] is not { Length: > 0 } text)
        {
            return false;
        }

        if (!bool.TryParse(text, out var value))
        {
            faults.Add($"{key}: '{text}' is neither true nor false");
        }

        return value;
    }

    private string Choice(string key, string fallback, params string[] words)
    {
        known.Add(key);
        if (configuration[key] is not { Length: > 0 } text)
        {
            return fallback;
        }

        if (words.FirstOrDefault(word => word.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } word)
        {
            return word;
        }

        faults.Add($"{key}: '{text}' is none of {string.Join(", ", words)}");
        return fallback;
    }

    private static IEnumerable<string> Leaves(IConfigurationSection section) =>
        section.GetChildren().SelectMany(child => child.GetChildren().Any() ? Leaves(child) : [child.Path]);
}
