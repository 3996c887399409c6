namespace ExecutionManager.Neighbours;

/// <summary>A command line taken apart: which neighbour, and what .NET's configuration gets to see.</summary>
internal sealed record NeighbourCall(string Neighbour, string[] Settings)
{
    public const string Usage = """
        Runs one reference neighbour of the Execution Manager against RabbitMQ.

        usage: dotnet run --project src/Neighbours -- NEIGHBOUR [SWITCH…] --ConnectionStrings:Bus=amqp://user:password@host:5672/vhost

          policy  [--rules FILE]         decides recoveries by a table of rules (YAML)
          planner                        keeps or revises plans
          equator [--files FILE,FILE…]   serves excerpts of GeoJSON files
          scheduler [--tasks FILE]       assigns the tasks of a file (YAML), and again to another device when asked

          --Neighbours:Policy:Fault=…    none, silent, slow or wrong; also Planner, Equator and Scheduler
          --Neighbours:Policy:Delay=…    how late a slow answer is, e.g. 00:01:00

        Settings also come from appsettings.json and the environment (ConnectionStrings__Bus).
        Exit codes: 64 a wrong call, 78 a wrong setting or file.
        """;

    private static readonly Dictionary<string, (string Switch, string Key)?> Switches = new()
    {
        ["policy"] = ("--rules", "--Neighbours:Policy:Rules"),
        ["planner"] = null,
        ["equator"] = ("--files", "--Neighbours:Equator:Files"),
        ["scheduler"] = ("--tasks", "--Neighbours:Scheduler:Tasks"),
    };

    /// <exception cref="FormatException">The call is wrong; the message says how.</exception>
    public static NeighbourCall Parse(string[] args)
    {
        if (args is not [var neighbour, .. var rest])
            throw new FormatException("which neighbour?");
        if (!Switches.TryGetValue(neighbour, out var own))
            throw new FormatException($"'{neighbour}' is not one of: {string.Join(", ", Switches.Keys)}");

        var settings = new List<string>();
        for (var i = 0; i < rest.Length; i++)
        {
            var (name, value) = rest[i].Split('=', 2) is [var left, var right] ? (left, right) : (rest[i], null);
            if (name != own?.Switch && !(name.StartsWith("--", StringComparison.Ordinal) && name.Contains(':')))
                throw new FormatException($"'{rest[i]}' is not understood");
            value ??= ++i < rest.Length ? rest[i] : throw new FormatException($"'{name}' needs a value");
            settings.Add($"{(name == own?.Switch ? own.Value.Key : name)}={value}");
        }
        return new(neighbour, [.. settings]);
    }
}
