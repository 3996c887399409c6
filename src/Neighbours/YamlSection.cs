using System.Text.Json;
using YamlDotNet.RepresentationModel;

namespace ExecutionManager.Neighbours;

/// <summary>A YAML mapping that is read key by key; what is wrong is noted with its line and key, and reading goes on.</summary>
internal sealed class YamlSection(YamlMappingNode node, string path, YamlFaults faults)
{
    private readonly List<string> _known = [];

    public YamlMappingNode Node => node;

    public T? One<T>(string key, Func<string, T> parse) where T : struct =>
        Find(key) is { } value ? Parse(key, value, parse) : null;

    /// <summary>A value or a list of values. Null when absent.</summary>
    public IReadOnlyList<T>? Any<T>(string key, Func<string, T> parse) where T : struct =>
        Items(key)?.Select(item => Parse(item.Key, item.Value, parse)).OfType<T>().ToList();

    public string? Text(string key) => Find(key) is { } value ? Text(key, value) : null;

    public IReadOnlyList<string>? Texts(string key) =>
        Items(key)?.Select(item => Text(item.Key, item.Value)).OfType<string>().ToList();

    /// <summary>The mapping under a key. Null when absent or no mapping.</summary>
    public YamlSection? Section(string key)
    {
        if (Find(key) is YamlMappingNode mapping)
            return new(mapping, Path(key), faults);
        if (Find(key) is { } other)
            faults.Note(other, Path(key), "needs keys and values");
        return null;
    }

    public IEnumerable<(long Line, YamlSection Section)> Sections(string key)
    {
        if (Find(key) is not YamlSequenceNode list)
        {
            Note(key, "needs a list");
            yield break;
        }
        foreach (var (index, item) in list.Index())
        {
            if (item is YamlMappingNode mapping)
                yield return (item.Start.Line, new(mapping, Path($"{key}[{index}]"), faults));
            else
                faults.Note(item, Path($"{key}[{index}]"), "needs keys and values");
        }
    }

    public bool Has(string key) => Find(key) is not null;

    public void Note(string key, string fault) => faults.Note(Find(key) ?? node, Path(key), fault);

    /// <summary>Notes every key nobody asked for: a misspelt condition would silently match everything.</summary>
    public void RefuseOthers()
    {
        foreach (var key in node.Children.Keys.Where(key => !_known.Contains(key.ToString())))
            faults.Note(key, Path(key.ToString()), $"is not known here (known: {string.Join(", ", _known)})");
    }

    private YamlNode? Find(string key)
    {
        if (!_known.Contains(key))
            _known.Add(key);
        return node.Children.TryGetValue(key, out var value) ? value : null;
    }

    private IEnumerable<(string Key, YamlNode Value)>? Items(string key)
    {
        if (Find(key) is not YamlSequenceNode list)
            return Find(key) is { } single ? [(key, single)] : null;
        if (list.Children is [])
            Note(key, "needs at least one value");
        return list.Select((item, index) => ($"{key}[{index}]", item));
    }

    private T? Parse<T>(string key, YamlNode value, Func<string, T> parse) where T : struct
    {
        if (Text(key, value) is not { } text)
            return null;
        try
        {
            return parse(text);
        }
        catch (Exception exception) when (exception is FormatException or JsonException)
        {
            faults.Note(value, Path(key), exception.Message);
            return null;
        }
    }

    private string? Text(string key, YamlNode value)
    {
        if (value is YamlScalarNode { Value: { Length: > 0 } text })
            return text;
        faults.Note(value, Path(key), "needs a value");
        return null;
    }

    private string Path(string key) => path.Length == 0 ? key : $"{path}.{key}";
}
