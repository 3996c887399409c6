using YamlDotNet.RepresentationModel;

namespace ExecutionManager.Neighbours;

/// <summary>What is wrong in one file, all of it, in the order it was found.</summary>
internal sealed class YamlFaults(string file)
{
    private readonly List<string> _faults = [];

    public IReadOnlyList<string> All => _faults;

    public void Note(YamlNode at, string key, string fault) => Note(at.Start.Line, key, fault);

    public void Note(long line, string key, string fault) => _faults.Add($"{file} line {line}: {key}: {fault}");
}
