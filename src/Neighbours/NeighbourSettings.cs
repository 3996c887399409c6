using System.Globalization;
using System.Reflection;
using System.Text.Json;
using ExecutionManager.Contracts.Messages;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace ExecutionManager.Neighbours;

/// <summary>
/// The settings of one neighbour, <c>Neighbours:&lt;Name&gt;:…</c>. Read what is needed, then <see cref="Check"/>: faults
/// are gathered, each with its key, so that all are named at once. Relative files start at the working directory.
/// </summary>
internal sealed class NeighbourSettings(IConfiguration configuration, string name)
{
    private readonly IConfigurationSection _section = configuration.GetSection($"Neighbours:{name}");
    private readonly List<string> _faults = [];

    public Conduct Conduct() => new(FaultOf("Fault"), Duration("Delay", TimeSpan.FromMinutes(1)));

    public IReadOnlyList<PolicyRule> Rules(string key) =>
        Yaml(key, "policy.yaml", PolicyRules.Read, []);

    public AssignedTasks Tasks(string key) => Yaml(key, null, AssignedTasks.Read, AssignedTasks.None) with { File = _section[key] };

    private T Yaml<T>(string key, string? builtIn, Func<TextReader, YamlFaults, T> read, T otherwise)
    {
        var file = _section[key] is { Length: > 0 } given ? given : null;
        using var text = file is not null ? Open(key, file) : builtIn is not null ? BuiltIn(builtIn) : null;
        if (text is null)
            return otherwise;
        var faults = new YamlFaults(file ?? builtIn!);
        var found = read(text, faults);
        _faults.AddRange(faults.All.Select(fault => $"{KeyOf(key)}: {fault}"));
        return found;
    }

    public SpatialLayers Layers(string key)
    {
        var layers = new SpatialLayers();
        var files = FilesOf(key);
        if (files is [])
        {
            using var builtIn = BuiltIn("hall-3.geojson");
            layers.Add("hall-3", builtIn.ReadToEnd());
        }
        foreach (var file in files)
        {
            using var text = Open(key, file);
            try
            {
                if (text is not null)
                    layers.Add(Path.GetFileNameWithoutExtension(file), text.ReadToEnd());
            }
            catch (FormatException exception)
            {
                _faults.Add($"{KeyOf(key)}: {file}: {exception.Message}");
            }
        }
        return layers;
    }

    /// <exception cref="OptionsValidationException">Something was wrong; each failure begins with its key.</exception>
    public void Check()
    {
        if (_faults is not [])
            throw new OptionsValidationException($"Neighbours:{name}", typeof(NeighbourSettings), _faults);
    }

    private Fault FaultOf(string key)
    {
        try
        {
            return _section[key] is { Length: > 0 } word ? WordConverter<Fault>.Parse(word.ToLowerInvariant()) : Fault.None;
        }
        catch (JsonException exception)
        {
            _faults.Add($"{KeyOf(key)}: {exception.Message}");
            return Fault.None;
        }
    }

    private TimeSpan Duration(string key, TimeSpan otherwise)
    {
        if (_section[key] is not { Length: > 0 } text)
            return otherwise;
        // Without a colon .NET would read days.
        if (text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) && time > TimeSpan.Zero)
            return time;
        _faults.Add($"{KeyOf(key)}: '{text}' is no duration above zero such as 00:00:30.");
        return otherwise;
    }

    /// <summary>A list (<c>Files:0</c>, …) or one value with commas.</summary>
    private string[] FilesOf(string key) => _section[key] is { Length: > 0 } value
        ? value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : [.. _section.GetSection(key).GetChildren().Select(child => child.Value).OfType<string>()];

    private StreamReader? Open(string key, string file)
    {
        try
        {
            return File.OpenText(file);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            _faults.Add($"{KeyOf(key)}: {exception.Message}");
            return null;
        }
    }

    private static StreamReader BuiltIn(string file) => new(
        Assembly.GetExecutingAssembly().GetManifestResourceStream(file)
        ?? throw new InvalidOperationException($"The resource {file} is not in the assembly."));

    private string KeyOf(string key) => $"{_section.Path}:{key}";
}
