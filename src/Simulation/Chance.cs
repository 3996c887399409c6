namespace ExecutionManager.Simulation;

/// <summary>Draws without a state: the same seed and question give the same answer, before and after a reboot.</summary>
internal readonly struct Chance(int seed)
{
    public double Draw(string question)
    {
        var hash = 14695981039346656037UL ^ (uint)seed;
        foreach (var c in question)
            hash = (hash ^ c) * 1099511628211UL;
        hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9UL;
        hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBUL;
        return ((hash ^ (hash >> 31)) >> 11) / (double)(1UL << 53);
    }
}
